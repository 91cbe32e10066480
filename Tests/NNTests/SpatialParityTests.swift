import Autograd
import Determinism
import NN
import TestSupport
import Testing

@Suite struct SpatialParityTests {
  /// Sums of up to a hundred products in another order.
  private let tolerance = 5e-6

  private func file() throws -> SafetensorsFile {
    try Fixture("segmentation").file("case.safetensors")
  }

  /// `[B, C, H, W]` → `[B, H, W, C]`
  private func lastly(_ x: Tensor) -> Tensor { x.transposed(0, 2, 3, 1) }

  private func expect(_ found: Tensor?, _ expected: Tensor, _ what: String) throws {
    #expect(try #require(largestDifference(found, expected)) <= tolerance, "\(what)")
  }

  @Test func `convolutions equal PyTorch's`() throws {
    let file = try file()
    for (name, input, padding, stride) in [
      ("same", "x", 1, 1), ("single", "input", 0, 1), ("strided", "x", 2, 2),
    ] {
      let x = try file.require("conv2d.\(name).input.\(input)").variable
      let weight = try file.require("conv2d.\(name).input.weight").variable
      let y = conv2d(lastly(x), lastly(weight), stride: stride, padding: padding)
      let bias = try file.tensor("conv2d.\(name).input.bias")?.variable
      let output = (bias.map { y + $0 } ?? y).transposed(0, 3, 1, 2)
      try expect(output.detached, try file.require("conv2d.\(name).output"), "conv2d.\(name)")
      let gradients = output.backward(try file.require("conv2d.\(name).cotangent"))
      try expect(
        gradients[x], try file.require("conv2d.\(name).grad.\(input)"), "conv2d.\(name) input")
      try expect(
        gradients[weight], try file.require("conv2d.\(name).grad.weight"), "conv2d.\(name) weight")
      if let bias {
        try expect(
          gradients[bias], try file.require("conv2d.\(name).grad.bias"), "conv2d.\(name) bias")
      }
    }
  }

  @Test func `interpolation and adaptive pooling equal PyTorch's`() throws {
    let file = try file()
    for name in ["up", "double", "down", "from_one"].map({ "bilinear.\($0)" })
      + [1, 2, 3, 6].map({ "pool.\($0)" })
    {
      let x = try file.require("\(name).input.x").variable
      let expected = try file.require("\(name).output")
      let y =
        name.hasPrefix("pool")
        ? lastly(x).pooled(cells: expected.shape[2])
        : lastly(x).resized(expected.shape[2], expected.shape[3])
      let output = y.transposed(0, 3, 1, 2)
      try expect(output.detached, expected, name)
      let gradients = output.backward(try file.require("\(name).cotangent"))
      try expect(gradients[x], try file.require("\(name).grad.x"), "\(name) input")
    }
  }

  @Test func `the layer Conv2d holds PyTorch's weights as they are`() throws {
    let file = try file()
    for (name, input, size) in [("same", "x", 3), ("single", "input", 1)] {
      let weight = try file.require("conv2d.\(name).input.weight")
      let store = ParameterStore(random: RandomStream(seed: 0))
      let layer = Conv2d(weight.shape[1], weight.shape[0], size: size, store.root)
      layer.weight.value.overwrite(with: weight)
      layer.bias?.value.overwrite(with: try file.require("conv2d.\(name).input.bias"))
      let y = layer(lastly(try file.require("conv2d.\(name).input.\(input)"))).transposed(
        0, 3, 1, 2)
      try expect(y.detached, try file.require("conv2d.\(name).output"), name)
      let gradients = y.backward(try file.require("conv2d.\(name).cotangent"))
      try expect(
        gradients[layer.weight], try file.require("conv2d.\(name).grad.weight"), "\(name) weight")
    }
  }

  @Test func `batch norm of maps equals PyTorch's BatchNorm2d, running statistics included`() throws {
    let file = try file()
    let store = ParameterStore(random: RandomStream(seed: 0))
    let norm = BatchNorm(5, store.root)
    norm.weight.value.overwrite(with: try file.require("batch_norm.initial.weight"))
    norm.bias.value.overwrite(with: try file.require("batch_norm.initial.bias"))
    for (name, mode) in [
      ("training", Mode.training(RandomStream(seed: 0))), ("evaluation", .evaluation),
    ] {
      let x = try file.require("batch_norm.\(name).input.input").variable
      let y = norm(lastly(x), mode).transposed(0, 3, 1, 2)
      let gradients = y.backward(try file.require("batch_norm.\(name).cotangent"))
      let found: [(String, Tensor?)] = [
        ("output", y.detached), ("grad.input", gradients[x]),
        ("grad.weight", gradients[norm.weight]),
        ("grad.bias", gradients[norm.bias]), ("running_mean", norm.runningMean.value),
        ("running_var", norm.runningVariance.value),
      ]
      for (what, tensor) in found {
        try expect(tensor, try file.require("batch_norm.\(name).\(what)"), "\(name), \(what)")
      }
    }
  }
}
