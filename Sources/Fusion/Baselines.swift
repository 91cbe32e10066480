import Autograd
import Determinism
import Encoders
import NN

/// One modality and a linear head: ImgOnly, TextOnly, P-ImgOnly, P-TextOnly (MoPE, arXiv 2403.10568v1: compared methods).
public final class SingleModality: FusionModel {
  public let store: ParameterStore
  private let branch: Branch
  private let head: Linear

  public init(
    _ plan: EncoderPlan, outputs: Int, promptDropout: Float, random: RandomStream
  ) throws {
    store = ParameterStore(random: random)
    branch = Branch(plan, dropout: promptDropout, store.root)
    head = Linear(branch.encoder.featureWidth, outputs, store.root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let feature = branch.feature(batch, mode)
    return FusionOutput(logits: head(feature), feature: feature)
  }
}

/// Features side by side and a head: LateConcat, P-LateConcat (MoPE, arXiv 2403.10568v1: compared methods).
public final class LateConcat: FusionModel {
  public let store: ParameterStore
  private let branches: [Branch]
  private let hidden: Linear?
  private let head: Linear

  /// - Parameter hiddenWidth: units of a ReLU layer in front of the linear head (the authors' code has 512); nil for
  ///   the linear head alone, as the papers' text has it.
  public init(
    _ plans: [EncoderPlan], hiddenWidth: Int? = nil, outputs: Int, promptDropout: Float,
    random: RandomStream
  ) throws {
    store = ParameterStore(random: random)
    let root = store.root
    branches = plans.map { Branch($0, dropout: promptDropout, root) }
    let width = branches.reduce(0) { $0 + $1.encoder.featureWidth }
    hidden = hiddenWidth.map { Linear(width, $0, root / "hidden") }
    head = Linear(hiddenWidth ?? width, outputs, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let joined = concatenated(branches.map { $0.feature(batch, mode) }, axis: 1)
    let feature = hidden.map { relu($0(joined)) } ?? joined
    return FusionOutput(logits: head(feature), feature: feature)
  }
}
