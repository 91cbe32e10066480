import Determinism

/// A sound file in the RIFF/WAVE format: PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64 bits, any channels.
public struct WaveFile: Sendable {
  /// Samples of one channel per second.
  public let rate: Int
  public let channels: Int
  /// The mean of the channels, −1 to 1.
  public let samples: [Float]

  /// From half of a telephone's to four times a studio's: what lies outside is no sound, and resampling it has no bound.
  private static let rates = 4_000...768_000

  /// Reads a file.
  /// - Throws: `Failure(.missingInput)`; `Failure(.badInput)` for what is no such file, is cut short, or holds values that
  ///   are not finite.
  public init(path: String) throws {
    try self.init(bytes: try InputFile.read(path), source: path)
  }

  /// Reads the bytes of a file.
  public init(bytes: [UInt8], source: String) throws {
    func bad(_ what: String) -> Failure { Failure(.badInput, "\(source): \(what)") }
    func little(_ offset: Int, _ count: Int) -> Int {
      (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }
    func tag(_ offset: Int) -> String {
      String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
    }
    guard bytes.count >= 12, tag(0) == "RIFF", tag(8) == "WAVE" else {
      throw bad(
        "expected a WAVE file, found other bytes; convert it: ffmpeg -i FILE -ac 1 -ar 16000 FILE.wav"
      )
    }
    var format: WaveFormat?
    var data: Range<Int>?
    var offset = 12
    while offset + 8 <= bytes.count, data == nil {
      let size = little(offset + 4, 4)
      let start = offset + 8
      switch tag(offset) {
      case "fmt ":
        guard size >= 16, start + size <= bytes.count else {
          throw bad("the format chunk is cut short")
        }
        var code = little(start, 2)
        if code == 0xFFFE, size >= 26 { code = little(start + 24, 2) }  // WAVE_FORMAT_EXTENSIBLE
        format = WaveFormat(
          code: code, channels: little(start + 2, 2), rate: little(start + 4, 4),
          bits: little(start + 14, 2))
      case "data":
        // The size of a sound whose end was not known when this was written, to a pipe: ffmpeg's, and from sox's up.
        let isOpen = size >= 0x7FFF_F000 && start + size > bytes.count
        guard isOpen || start + size <= bytes.count else {
          throw bad(
            "expected \(size) bytes of sound, found \(bytes.count - start); is the file complete?")
        }
        data = start..<(isOpen ? bytes.count : start + size)
      default: break
      }
      offset = start + size + size % 2
    }
    guard let format else { throw bad("expected a format chunk before the sound, found none") }
    guard let data else { throw bad("expected a data chunk, found none; is the file complete?") }
    guard let read = format.reader else {
      throw bad(
        "expected PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, found format \(format.code) of \(format.bits) bits"
      )
    }
    guard format.channels > 0, Self.rates.contains(format.rate) else {
      throw bad(
        "expected channels and a rate of \(Self.rates.lowerBound) to \(Self.rates.upperBound) Hz, found \(format.channels) "
          + "channels at \(format.rate) Hz")
    }
    let width = format.bits / 8
    let frames = data.count / (width * format.channels)
    let scale = 1 / Double(format.channels)
    samples = bytes.withUnsafeBytes { raw in
      (0..<frames).map { frame in
        var sum = 0.0
        for channel in 0..<format.channels {
          sum += read(raw, data.lowerBound + (frame * format.channels + channel) * width)
        }
        return Float(sum * scale)
      }
    }
    guard let broken = samples.firstIndex(where: { !$0.isFinite }) else {
      rate = format.rate
      channels = format.channels
      return
    }
    throw bad("sample \(broken) is not finite")
  }
}

/// How the samples of a WAVE file are written.
private struct WaveFormat {
  let code: Int
  let channels: Int
  let rate: Int
  let bits: Int

  /// Gives the sample at an offset, −1 to 1; nil for a format that is not read.
  var reader: ((UnsafeRawBufferPointer, Int) -> Double)? {
    func word<Word: FixedWidthInteger>(
      _ raw: UnsafeRawBufferPointer, _ offset: Int, _ type: Word.Type
    ) -> Word {
      Word(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: Word.self))
    }
    switch (code, bits) {
    case (1, 8): return { (Double($0[$1]) - 128) / 0x1p7 }
    case (1, 16): return { Double(word($0, $1, Int16.self)) / 0x1p15 }
    case (1, 24):
      return { raw, offset in
        let low = Int32(raw[offset]) | Int32(raw[offset + 1]) << 8
        return Double(low | Int32(Int8(bitPattern: raw[offset + 2])) << 16) / 0x1p23
      }
    case (1, 32): return { Double(word($0, $1, Int32.self)) / 0x1p31 }
    case (3, 32): return { Double(Float(bitPattern: word($0, $1, UInt32.self))) }
    case (3, 64): return { Double(bitPattern: word($0, $1, UInt64.self)) }
    default: return nil
    }
  }
}
