import Determinism
import Foundation
import Published
import Testing

@Suite struct SoundTests {
  /// A WAVE file of these bytes of sound.
  private func wave(format: Int, channels: Int, rate: Int, bits: Int, _ sound: [UInt8]) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(value >> (8 * $0) & 255) }
    }
    let width = bits / 8
    var chunk = little(format, 2) + little(channels, 2) + little(rate, 4)
    chunk += little(rate * channels * width, 4) + little(channels * width, 2) + little(bits, 2)
    var bytes =
      Array("RIFF".utf8) + little(36 + sound.count, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
      + chunk
    bytes += Array("LIST".utf8) + little(3, 4) + [1, 2, 3, 0]  // an odd chunk between, with its padding
    return bytes + Array("data".utf8) + little(sound.count, 4) + sound
  }

  @Test func `PCM of 8 to 32 bits and floats give the same sound`() throws {
    let values: [Double] = [0, 0.5, -0.5, -1, 0.25]
    func integers(_ bits: Int) -> [UInt8] {
      values.flatMap { value -> [UInt8] in
        let raw = Int(value * Double(1 << (bits - 1))) + (bits == 8 ? 128 : 0)
        return (0..<bits / 8).map { UInt8(truncatingIfNeeded: raw >> (8 * $0)) }
      }
    }
    var files = [8, 16, 24, 32].map { (1, $0, integers($0)) }
    files.append(
      (3, 32, values.flatMap { withUnsafeBytes(of: Float($0).bitPattern.littleEndian, Array.init) })
    )
    files.append(
      (3, 64, values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }))
    for (format, bits, sound) in files {
      let file = try WaveFile(
        bytes: wave(format: format, channels: 1, rate: 8000, bits: bits, sound), source: "test")
      #expect(file.samples == values.map { Float($0) }, "\(bits) bits")
      #expect(file.rate == 8000)
    }
  }

  @Test func `channels are averaged`() throws {
    let sound: [UInt8] = [0, 0x40, 0, 0xC0, 0, 0x40, 0, 0]  // (0.5, −0.5), (0.5, 0)
    let file = try WaveFile(
      bytes: wave(format: 1, channels: 2, rate: 44100, bits: 16, sound), source: "test")
    #expect(file.samples == [0, 0.25])
  }

  @Test func `the sounds of the fixture are 16 kHz`() throws {
    let file = try WaveFile(path: "\(PublishedFixture.folder)/mustard/audio/1_60.wav")
    #expect(file.rate == WaveFile.speechRate)
    #expect(file.samples.count == 320)
  }

  @Test func `other bytes, a file cut short, another format and NaN are refused`() throws {
    let good = wave(format: 1, channels: 1, rate: 8000, bits: 16, [1, 2, 3, 4])
    let cases: [(String, [UInt8])] = [
      ("expected a WAVE file", Array("OggS0000000000".utf8)),
      ("expected 4 bytes of sound", Array(good.dropLast())),
      ("a data chunk", Array(good[..<40])),
      ("a format chunk", Array(good[..<12]) + Array(good.suffix(12))),
      ("found format 2", wave(format: 2, channels: 1, rate: 8000, bits: 16, [1, 2])),
      ("found 0 channels", wave(format: 1, channels: 0, rate: 8000, bits: 16, [1, 2])),
      ("not finite", wave(format: 3, channels: 1, rate: 8000, bits: 32, [0, 0, 0xC0, 0x7F])),
    ]
    for (what, bytes) in cases {
      let found = failure { _ = try WaveFile(bytes: bytes, source: "test") }
      #expect(found?.kind == .badInput)
      #expect(found?.description.contains(what) == true, "\(what): \(found?.description ?? "read")")
    }
    for length in 0..<good.count {
      let found = failure { _ = try WaveFile(bytes: Array(good[..<length]), source: "test") }
      #expect(found?.kind == .badInput, "the first \(length) bytes")
    }
  }

  @Test func `a sound written to a pipe ends with the file`() throws {
    let bytes = wave(format: 1, channels: 1, rate: 8000, bits: 16, [0, 0x40, 0, 0xC0])
    for size in [0xFFFF_FFFF, 0x7FFF_F000, 0x7FFF_FFFF] {  // ffmpeg, sox
      var open = bytes
      for i in 0..<4 { open[bytes.count - 8 + i] = UInt8(size >> (8 * i) & 255) }
      #expect(try WaveFile(bytes: open, source: "test").samples == [0.5, -0.5], "\(size)")
    }
  }

  @Test(.timeLimit(.minutes(1))) func `no rate makes the resampler take gigabytes`() throws {
    // Without a common divisor with 16 000 there is a filter for each of its places.
    let sound = try WaveFile(
      bytes: wave(format: 1, channels: 1, rate: 47_999, bits: 16, Array(repeating: 64, count: 200)), source: "test")
    let before = PeakMemoryOfTest.megabytes
    #expect(sound.resampled().count == 34)
    #expect(PeakMemoryOfTest.megabytes - before < 100)
    for rate in [0, 1, 3_999, 768_001, 0xFFFF_FFFF] {
      let found = failure {
        _ = try WaveFile(bytes: wave(format: 1, channels: 1, rate: rate, bits: 16, [1, 2]), source: "test")
      }
      #expect(found?.description.contains("a rate of 4000 to 768000 Hz, found 1 channels at \(rate) Hz") == true)
    }
  }

  @Test func `resampling equals torchaudio's formula`() throws {
    let sound = try PublishedFixture.reference().sound
    for rate in sound.rates {
      let found = Resampler(from: rate.from, to: rate.to)(sound.samples)
      #expect(found.count == rate.samples.count)
      // Stored with nine decimals, returned as Float: 2⁻²⁴ of values up to one.
      for (a, b) in zip(found, rate.samples) { #expect(abs(Double(a) - b) < 1.2e-7) }
    }
  }

  @Test func `a sound at the right rate is left alone`() {
    #expect(Resampler(from: 16000, to: 16000)([0.5, -1, 0.25]) == [0.5, -1, 0.25])
  }

  @Test func `a tone keeps its pitch and loudness`() {
    let tone = (0..<4410).map { n -> Float in Float(sin(2 * Double.pi * 440 * Double(n) / 44100)) }
    let found = Resampler(from: 44100, to: 16000)(tone)
    #expect(found.count == 1600)
    var worst = 0.0
    for n in 100..<1500 {
      let expected = sin(2 * Double.pi * 440 * Double(n) / 16000)
      worst = max(worst, abs(Double(found[n]) - expected))
    }
    // The pass band of a filter this short ripples by a few thousandths.
    #expect(worst < 5e-3)
  }
}

/// The most memory this process has had.
private enum PeakMemoryOfTest {
  static var megabytes: Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return Double(usage.ru_maxrss) / 1024
  }
}
