import Determinism
import Foundation

/// Changes the rate of a sound by band-limited interpolation with a Hann-windowed sinc.
///
/// The method and defaults of `torchaudio.functional.resample`: a filter of six zero crossings on each side, cut off at
/// 0.99 of the lower Nyquist frequency. Computed in double; equal to torchaudio within float rounding.
public struct Resampler: Sendable {
  /// Rates divided by their greatest common divisor.
  private let from: Int
  private let to: Int
  /// For each place of an output sample between inputs, the first input that counts, from −reach on, and the weights of it and
  /// of those behind it.
  private let filters: [(first: Int, taps: [Double])]

  private static let zeroCrossings = 6.0
  private static let rolloff = 0.99

  /// - Parameters: rates in samples per second, above 0.
  public init(from: Int, to: Int) {
    require(from > 0 && to > 0, "Resampler: expected rates above 0, found \(from) and \(to)")
    let divisor = Self.divisor(from, to)
    let (from, to) = (from / divisor, to / divisor)
    let base = Double(min(from, to)) * Self.rolloff
    let reach = Int((Self.zeroCrossings * Double(from) / base).rounded(.up))
    self.filters = (0..<to).map { phase in
      // Where the window has closed the weights are below 1e-48. Kept for all phases they would be gigabytes for rates without
      // a common divisor.
      let middle = phase * from / to
      let first = max(-reach, middle - reach - 1)
      let taps = (first..<min(reach + from, middle + reach + 2)).map { tap -> Double in
        var t = (Double(tap) / Double(from) - Double(phase) / Double(to)) * base
        t = min(max(t, -Self.zeroCrossings), Self.zeroCrossings)
        let window = cos(t * .pi / Self.zeroCrossings / 2)
        let angle = t * .pi
        let sinc = angle == 0 ? 1 : sin(angle) / angle
        return sinc * window * window * base / Double(from)
      }
      return (first, taps)
    }
    self.from = from
    self.to = to
  }

  /// The sound at the new rate: ⌈count · to / from⌉ samples; what lies beyond both ends counts as silence.
  public func callAsFunction(_ samples: [Float]) -> [Float] {
    guard from != to else { return samples }
    let count = (samples.count * to + from - 1) / from
    return samples.withUnsafeBufferPointer { samples in
      (0..<count).map { n in
        let (first, taps) = filters[n % to]
        let start = n / to * from + first
        var sum = 0.0
        for k in max(0, -start)..<max(max(0, -start), min(taps.count, samples.count - start)) {
          sum += taps[k] * Double(samples[start + k])
        }
        return Float(sum)
      }
    }
  }

  private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
}

extension WaveFile {
  /// The rate that wav2vec 2.0 was trained at.
  public static let speechRate = 16_000

  /// The sound at this rate.
  public func resampled(to rate: Int = WaveFile.speechRate) -> [Float] {
    Resampler(from: self.rate, to: rate)(samples)
  }
}
