import Autograd
import Determinism
import Encoders
import NN

/// One modality and a linear head: ImgOnly, TextOnly, P-ImgOnly, P-TextOnly (`paper/baselines.md` §3).
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

/// Features side by side and a linear head: LateConcat, P-LateConcat (`paper/baselines.md` §3).
public final class LateConcat: FusionModel {
  public let store: ParameterStore
  private let branches: [Branch]
  private let head: Linear

  public init(
    _ plans: [EncoderPlan], outputs: Int, promptDropout: Float, random: RandomStream
  ) throws {
    store = ParameterStore(random: random)
    let root = store.root
    branches = plans.map { Branch($0, dropout: promptDropout, root) }
    head = Linear(branches.reduce(0) { $0 + $1.encoder.featureWidth }, outputs, root / "head")
    try store.validate()
  }

  public func callAsFunction(_ batch: Batch, _ mode: Mode) -> FusionOutput {
    let feature = concatenated(branches.map { $0.feature(batch, mode) }, axis: 1)
    return FusionOutput(logits: head(feature), feature: feature)
  }
}
