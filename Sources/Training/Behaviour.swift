import Autograd
import Datasets
import Determinism
import Foundation
import Fusion
import NN

/// The behaviour fingerprint of a method: what a fixed tiny training step of it gives.
///
/// A refactoring that changes no number keeps every stored run; a change that does is seen at once. Numbers of other
/// kernels differ in their last digits, so a fresh step is held against a stored reference: if it agrees within
/// `tolerance`, the fingerprint is the reference's digest, else its own.
public struct Behaviour: Codable, Hashable, Sendable {
  /// Loss, logits, gradient norms and parameters after the step, by the method's structure.
  public private(set) var references: [String: [Double]]

  public init(references: [String: [Double]] = [:]) { self.references = references }

  /// Relative to the largest magnitude. Kernels differ by some 1e-6; a wrong factor or a missing term by far more.
  private static let tolerance = 1e-4

  /// Reads the references, or none if the file is not there.
  public static func read(_ path: String) throws -> Behaviour {
    guard let data = FileManager.default.contents(atPath: path) else { return Behaviour() }
    do { return try JSONDecoder().decode(Behaviour.self, from: data) } catch {
      throw Failure(.badInput, "\(path): not a file of behaviour references: \(error)")
    }
  }

  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try AtomicFile.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: path)
  }

  /// The fingerprint of a method today.
  /// - Parameter profile: what is read and predicted.
  public func fingerprint(_ method: Method, _ recipe: Recipe, in profile: TierProfile) throws -> String {
    let numbers = try Self.step(method, recipe, profile)
    if let reference = references[try Self.name(method, recipe, profile)], Self.agree(numbers, reference) {
      return Self.digest(reference)
    }
    return Self.digest(numbers)
  }

  /// Takes today's numbers of a method as reference.
  public mutating func accept(_ method: Method, _ recipe: Recipe, in profile: TierProfile) throws {
    let name = try Self.name(method, recipe, profile)
    let numbers = try Self.step(method, recipe, profile)
    if let old = references[name], Self.agree(numbers, old) { return }
    references[name] = numbers
  }

  /// The name of a reference: the method, and what of the recipe the step depends on.
  static func name(_ method: Method, _ recipe: Recipe, _ profile: TierProfile) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(method), as: UTF8.self)
    let task = profile.makesMasks ? " masks" : ""
    return "\(type(of: method.choices).kind) \(ContentHash.of(text).prefix(8))\(task) "
      + "λ=\(recipe.importanceWeight) γ=\(recipe.importanceThreshold) η=\(recipe.learningRate)"
  }

  private static func agree(_ a: [Double], _ b: [Double]) -> Bool {
    guard a.count == b.count, !a.isEmpty else { return false }
    let scale = b.reduce(0) { max($0, abs($1)) }
    return zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * scale }
  }

  /// Three significant digits of each number are hashed.
  private static func digest(_ numbers: [Double]) -> String {
    let texts = numbers.map { number -> String in
      guard number != 0, number.isFinite else { return "\(number)" }
      var (scaled, exponent) = (abs(number), 0)
      while scaled >= 1000 { (scaled, exponent) = (scaled / 10, exponent + 1) }
      while scaled < 100 { (scaled, exponent) = (scaled * 10, exponent - 1) }
      return "\(number < 0 ? "-" : "")\(Int(scaled.rounded()))e\(exponent)"
    }
    return String(ContentHash.of(texts.joined(separator: " ")).prefix(16))
  }

  /// One step of the method with smoke-sized encoders on four samples: loss, logits, the norm of every gradient, and
  /// what the optimizer makes of fixed gradients.
  ///
  /// The optimizer is not applied to the method's own gradients: Adam's first step is a sign, and a gradient that is
  /// rounding alone (a bias in front of a batch norm) has a sign that kernels do not agree on.
  private static func step(
    _ method: Method, _ recipe: Recipe, _ profile: TierProfile
  ) throws -> [Double] {
    let random = RandomStream(seed: 0).stream("behaviour")
    let encoders = EncoderCatalogue(tier: .smoke, folder: nil)
    let sizes = SplitSizes(train: 4, validation: 0, test: 0)
    let dataset: any Dataset =
      if profile.makesMasks {
        ReferringStandIn(.refCOCO, dataSeed: 0, sizes: sizes)
      } else if method.inputs.contains(where: { $0 == .audio || $0 == .video }) {
        MUStARDStandIn(dataSeed: 0, sizes: sizes)
      } else {
        SNLIVEStandIn(dataSeed: 0, sizes: sizes)
      }
    let data = try PreparedSplit(dataset, .train, tokenizer: WordVocabulary.standIns)
    let model = try method.model(for: data.task, encoders: encoders, random: random)
    let batch = data.batch([0, 1, 2, 3])
    let before = model(batch, .evaluation)
    let objective = recipe.objective(of: model(batch, .training(random.stream("training"))), batch)
    let gradients = objective.backward()
    let norms = model.store.trainable.map { gradients[$0]?.sumOfSquares.squareRoot() ?? 0 }
    let logits = before.logits.values
    let spacing = profile.makesMasks ? 81 : 1  // some pixels of every mask are enough
    let shown = stride(from: 0, to: logits.count, by: spacing).map { Double(logits[$0]) }
    return [Double(objective.item)] + shown + norms
      + optimizerStep(recipe)
  }

  /// Three clipped steps on a parameter whose gradients are fixed.
  private static func optimizerStep(_ recipe: Recipe) -> [Double] {
    let store = ParameterStore(random: RandomStream(seed: 0))
    let parameter = store.root.parameter("p", [4], .ones)
    let optimizer = AdamW(recipe.parameterGroups(of: store))
    for step in 0..<3 {
      let slope = Tensor([1, -2, 0.5, Float(step)], [4])
      optimizer.step(
        sum(parameter.value * slope).backward(), clipping: recipe.clipping,
        rateFactor: recipe.schedule.factor(epoch: recipe.milestones.first ?? 0, step: step))
    }
    return parameter.value.values.map(Double.init)
  }
}
