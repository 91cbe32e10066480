import Determinism
import Encoders
import NN

/// Any fusion method, as a value that is stored and compared. In JSON its kind names its choices: `{"pmf": {…}}`.
public struct Method: Codable, Hashable, Sendable {
  // Behind a reference: Swift 6.3 lays out an enum of a struct that holds the existential itself in two ways.
  private final class Box: Sendable {
    let choices: any FusionMethod
    init(_ choices: any FusionMethod) { self.choices = choices }
  }

  private let box: Box
  public var choices: any FusionMethod { box.choices }

  public init(_ choices: any FusionMethod) { box = Box(choices) }

  public static func == (a: Method, b: Method) -> Bool { a.choices.equals(b.choices) }

  public func hash(into hasher: inout Hasher) { choices.hash(into: &hasher) }

  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: FieldName.self)
    try choices.encode(in: &container)
  }

  public init(from decoder: any Swift.Decoder) throws {
    let container = try decoder.container(keyedBy: FieldName.self)
    let kinds = container.allKeys.map(\.stringValue)
    for type in fusionMethods where kinds == [type.kind] {
      self.init(try Self.choices(of: type, container))
      return
    }
    let known = fusionMethods.map { $0.kind }.joined(separator: ", ")
    throw DecodingError.dataCorrupted(
      .init(
        codingPath: container.codingPath,
        debugDescription: "expected one fusion method of \(known), found \(kinds.sorted())"))
  }

  private static func choices<M: FusionMethod>(
    of type: M.Type, _ container: KeyedDecodingContainer<FieldName>
  ) throws -> any FusionMethod {
    try container.decode(M.self, forKey: FieldName(stringValue: M.kind))
  }

  /// What the papers call it, then all choices that depart from the defaults: "MoPE k=4 (Swin, gating topOne)". Methods
  /// with one title in a profile are equal.
  public func title(in profile: TierProfile) -> String { choices.title(in: profile) }

  /// The encoders, in the order of their features.
  public var slots: [Slot] { choices.slots }
  public var inputs: [Modality] { slots.map(\.modality) }
  public func slot(_ modality: Modality) -> Slot? { choices.slot(modality) }
  /// How it uses the encoder of images or of frames.
  public var imageSlot: Slot? { slots.first { $0.modality.isSeen } }
  /// Whether every encoder is frozen: then what trains is small and can be shipped.
  public var leavesEncodersFrozen: Bool { slots.allSatisfy { $0.tuning == .frozen } }
  /// Whether it tunes prompts of frozen encoders.
  public var isPromptTuned: Bool { leavesEncodersFrozen && choices.usesPrompts }

  /// What trains of the text encoder, and of the others: two learning rates.
  public var tunings: (text: Tuning, others: Tuning) {
    let others = slots.first { $0.modality != .text } ?? slots[0]
    return (slot(.text)?.tuning ?? others.tuning, others.tuning)
  }

  /// The encoder with images whose feature is the same at every step: it is frozen, has no prompts, and the method takes
  /// nothing of it but the feature. Image encoders drop nothing while they are frozen; those of texts and sounds do.
  public var fixedImageFeature: Slot? {
    guard let slot = imageSlot, slot.tuning == .frozen, slot.prompts == 0,
      choices.readsOnlyFeature(of: slot.modality)
    else { return nil }
    return slot
  }

  public var costClass: Method { Method(choices.costClass) }
}

extension FusionMethod {
  fileprivate func encode(in container: inout KeyedEncodingContainer<FieldName>) throws {
    try container.encode(self, forKey: FieldName(stringValue: Self.kind))
  }

  fileprivate func equals(_ other: any FusionMethod) -> Bool { (other as? Self) == self }

  /// See `Method.title`.
  func title(in profile: TierProfile) -> String {
    let standard = standard(in: profile)
    var departures: [String] = []
    if slots.map(\.modality) == standard.slots.map(\.modality) {
      for (slot, usual) in zip(slots, standard.slots) {
        if slot.encoder != usual.encoder { departures.append(slot.encoder.title) }
        departures += slot.departures(from: usual, except: ["encoder"]).map { "\(slot.modality.rawValue) \($0)" }
      }
    } else {
      departures.append("of " + slots.map { "\($0)" }.joined(separator: ", "))
    }
    departures += self.departures(from: standard, except: ["slots"])
    return departures.isEmpty ? name : "\(name) (\(departures.joined(separator: ", ")))"
  }
}

/// A method before the tier is known: its defaults there, then what an experiment changes. What comes out is what is
/// trained and recorded.
public struct MethodPlan: Sendable {
  private let make: @Sendable (TierProfile) -> any FusionMethod

  public init(_ make: @escaping @Sendable (TierProfile) -> any FusionMethod) { self.make = make }

  /// The method itself, whatever the tier.
  public init(_ method: Method) { make = { _ in method.choices } }

  /// The defaults of a method, changed.
  public init<M: FusionMethod>(_ type: M.Type, _ change: @escaping @Sendable (inout M) -> Void = { _ in }) {
    make = { profile in
      var method = M(in: profile)
      change(&method)
      return method
    }
  }

  public func callAsFunction(in profile: TierProfile) -> Method { Method(make(profile)) }

  /// This plan with other choices of a method that it must be of.
  public func with<M: FusionMethod>(_ type: M.Type, _ change: @escaping @Sendable (inout M) -> Void) -> MethodPlan {
    MethodPlan { profile in
      let made = make(profile)
      guard var method = made as? M else {
        require(false, "\(made.name) is no \(M.kind)")
        return made
      }
      change(&method)
      return method
    }
  }

  /// This plan where the encoder of a modality is used in another way.
  public func changing(_ modality: Modality, _ change: @escaping @Sendable (inout Slot) -> Void) -> MethodPlan {
    MethodPlan { profile in
      var method = make(profile)
      method.change(modality, change)
      return method
    }
  }

  /// This plan with another text encoder, tuned in its own way.
  public func reading(with encoder: EncoderChoice, _ tuning: Tuning, prompts: Int = 0) -> MethodPlan {
    changing(.text) { ($0.encoder, $0.tuning, $0.prompts) = (encoder, tuning, prompts) }
  }
}
