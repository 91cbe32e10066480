/// The scalar that starts at `i`, and moves `i` behind it. `text` is the UTF-8 of a `String`, so it
/// is valid.
@inline(__always)
func nextScalar(_ text: UnsafeBufferPointer<UInt8>, _ i: inout Int) -> UInt32 {
  let first = UInt32(text[i])
  if first < 0x80 {
    i += 1
    return first
  }
  let second = UInt32(text[i + 1]) & 0x3F
  if first < 0xE0 {
    i += 2
    return (first & 0x1F) << 6 | second
  }
  let third = UInt32(text[i + 2]) & 0x3F
  if first < 0xF0 {
    i += 3
    return (first & 0x0F) << 12 | second << 6 | third
  }
  i += 4
  return (first & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[i - 1]) & 0x3F
}

/// Appends a valid scalar as UTF-8.
@inline(__always)
func append(_ scalar: UInt32, to text: inout [UInt8]) {
  if scalar < 0x80 {
    text.append(UInt8(scalar))
  } else if scalar < 0x800 {
    text.append(UInt8(0xC0 | scalar >> 6))
    text.append(UInt8(0x80 | scalar & 0x3F))
  } else if scalar < 0x1_0000 {
    text.append(UInt8(0xE0 | scalar >> 12))
    text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    text.append(UInt8(0x80 | scalar & 0x3F))
  } else {
    text.append(UInt8(0xF0 | scalar >> 18))
    text.append(UInt8(0x80 | scalar >> 12 & 0x3F))
    text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    text.append(UInt8(0x80 | scalar & 0x3F))
  }
}
