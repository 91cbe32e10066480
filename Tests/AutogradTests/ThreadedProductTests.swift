import Autograd
import Determinism
import Testing

/// A layer whose product is cut on two threads, at sizes of each of the ways.
@Suite(.serialized) struct ThreadedProductTests {
  private func random(_ shape: [Int], _ name: String) -> Tensor {
    var stream = RandomStream(seed: 5).stream(name)
    return Tensor((0..<shape.reduce(1, *)).map { _ in Float(stream.normal()) }, shape)
  }

  private func layer(
    _ size: (rows: Int, outputs: Int, inputs: Int)
  ) -> (x: Tensor, weight: Tensor, bias: Tensor, cotangent: Tensor) {
    (
      random([size.rows, size.inputs], "x"), random([size.outputs, size.inputs], "weight"),
      random([size.outputs], "bias"), random([size.rows, size.outputs], "cotangent")
    )
  }

  /// Packed (many rows), by rows, by columns, and too small to be cut.
  @Test(arguments: [(1101, 256, 160), (700, 96, 64), (130, 600, 64), (5, 33, 7)])
  func `threads change a layer and its gradients by rounding alone`(
    _ size: (rows: Int, outputs: Int, inputs: Int)
  ) throws {
    let (x, weight, bias, cotangent) = layer(size)
    func pass() throws -> [Tensor] {
      let (input, matrix) = (x.variable, weight.variable)
      let (plain, curved) = (linear(input, matrix, bias), linearGELU(input, matrix, bias))
      let gradients = (plain + curved).backward(cotangent)
      return [plain, curved, try #require(gradients[input]), try #require(gradients[matrix])]
    }
    let one = try pass()
    Compute.setThreads(2)
    let two = try pass()
    Compute.setThreads(1)
    for (a, b) in zip(one, two) {
      let largest = a.values.reduce(0) { max($0, abs($1)) }
      // Sums of up to 1101 products, in another order.
      expectClose(b.values, a.values, absolute: 5e-6 * largest)
    }
  }

  /// Few rows: whole tiles and a part of one; in the order that the layer keeps, used twice.
  @Test(arguments: [(512, 640, 160), (130, 600, 640), (1101, 256, 160)])
  func `a weight that is kept packed gives the same layer and gradient`(
    _ size: (rows: Int, outputs: Int, inputs: Int)
  ) throws {
    let (x, weight, bias, cotangent) = layer(size)
    func pass(_ packing: PackedWeight?) throws -> [Tensor] {
      let input = x.variable
      let y = linear(input, weight, bias, packing: packing)
      let curved = linearGELU(input, weight, bias, packing: packing)
      return [y, curved, try #require((y + curved).backward(cotangent)[input])]
    }
    let plain = try pass(nil)
    Compute.setThreads(2)
    defer { Compute.setThreads(1) }
    let packing = PackedWeight()
    for found in [try pass(packing), try pass(packing)] {
      for (a, b) in zip(plain, found) {
        let largest = a.values.reduce(0) { max($0, abs($1)) }
        expectClose(b.values, a.values, absolute: 5e-6 * largest)
      }
    }
  }

  @Test func `a profile has every operation in both directions, and products with their speed`() throws {
    let (x, weight) = (random([64, 96], "x").variable, random([32, 96], "weight").variable)
    Profile.start()
    _ = sum(gelu(linear(x, weight))).backward()
    let entries = Profile.stop()
    func entry(_ operation: String, _ pass: String) throws -> Profile.Entry {
      try #require(entries.first { $0.operation == operation && $0.pass == pass }, "\(operation)")
    }
    for pass in ["forward", "backward"] {
      for operation in ["linear", "gelu", "sum"] {
        let found = try entry(operation, pass)
        #expect(found.calls == 1 && found.seconds >= 0 && found.gigaflops == nil)
      }
    }
    let product = try entry("product 64×32×96", "forward")
    #expect(product.calls == 1 && (product.gigaflops ?? 0) > 0)
    _ = linear(x, weight)
    #expect(Profile.stop().isEmpty)  // not watched any more
  }
}
