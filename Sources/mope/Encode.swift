import ArgumentParser
import Autograd
import Cost
import Determinism
import Encoders
import Foundation
import NN
import Text
import Training

/// `mope encode`
struct Encode: ParsableCommand, KernelChoosing {
  static let configuration = CommandConfiguration(
    abstract: "Runs a checkpoint folder in the Hugging Face layout on given inputs.",
    discussion: """
      Inputs by their usual names: pixel_values, input_ids, attention_mask, token_type_ids, global_attention_mask, \
      input_values. Outputs: last_hidden_state, and pooler_output where the model has one.
      """)

  @Option(help: "Folder with config.json and model.safetensors (or its shards and their index).")
  var model: String
  @Option(help: "Safetensors file of inputs.") var input: String?
  @Option(help: "Text file: every line is tokenized with the folder's own vocabulary.") var text: String?
  @Option(help: "Safetensors file to write.") var output: String
  @Option(help: "Kernels: portable, auto, or OpenBLAS's name of one.") var kernel = KernelChoice.automatic
  @Option(help: "Threads per operation.") var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (input == nil) != (text == nil) else {
      throw ValidationError("expected either --input or --text")
    }
    guard threads >= 1 else { throw ValidationError("--threads: expected at least 1, found \(threads)") }
  }

  func run() throws {
    Compute.setThreads(threads)
    let encoder = try PretrainedEncoder(try CheckpointFolder(path: model))
    let inputs = try self.inputs()
    let clock = ContinuousClock()
    let start = clock.now
    let outputs = try encoder(inputs)
    let seconds = (clock.now - start).seconds
    var tensors = [("last_hidden_state", outputs.lastHiddenState)]
    if let pooled = outputs.poolerOutput { tensors.append(("pooler_output", pooled)) }
    try SafetensorsWriter.write(tensors, to: output)
    let memory = PeakMemory.megabytes.map { ", peak memory \(fixed($0, 0)) MB" } ?? ""
    let rows = outputs.lastHiddenState.shape
    let perSecond = fixed(Double(rows[0]) / seconds, 2)
    let tokens = fixed(Double(rows.dropLast().reduce(1, *)) / seconds, 0)
    Console.answer(
      """
      \(fixed(seconds, 3)) s on \(Compute.blasKernel) with \(threads) threads: \(perSecond) inputs/s, \(tokens) tokens/s\(memory)
      """)
  }

  private func inputs() throws -> EncoderInputs {
    if let input { return try EncoderInputs(try SafetensorsFile(path: input)) }
    let text = text ?? ""
    guard let data = FileManager.default.contents(atPath: text) else {
      throw Failure(.missingInput, "\(text): no such file; expected a text with one input per line")
    }
    let tokenizer = try loadTokenizer(folder: model)
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    guard !lines.isEmpty else { throw Failure(.badInput, "\(text): expected at least one line of text") }
    let ids = try lines.map { try tokenizer.encode($0, maximumLength: 512).ids }
    let padded = TokenIds(padding: ids, with: tokenizer.padId)
    let shape = [padded.shape.batch, padded.shape.tokens]
    var inputs = EncoderInputs(source: text)
    inputs.inputIds = IntegerTensor(padded.ids.map(Int.init), shape)
    inputs.attentionMask = IntegerTensor(padded.mask.map { Int($0) }, shape)
    return inputs
  }
}
