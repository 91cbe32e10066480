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
  @Option(help: "Text file, or - for standard input: every line is tokenized with the folder's own vocabulary.")
  var text: String?
  @Option(help: "Safetensors file to write.") var output: String
  @Option(help: "Kernels: portable, auto, or OpenBLAS's name of one.") var kernel = KernelChoice.automatic
  @Option(help: "Threads per operation.") var threads = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (input == nil) != (text == nil) else {
      throw ValidationError("expected either --input or --text")
    }
    try validateThreads(threads)
    try validatePaths([("--model", model), ("--input", input), ("--text", text), ("--output", output)])
  }

  func run() throws {
    Compute.setThreads(threads)
    let encoder = try PretrainedEncoder(try CheckpointFolder(path: model))
    let inputs = try input.map { try EncoderInputs(try SafetensorsFile(path: $0)) } ?? textInputs(of: encoder)
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

  /// Every line is a text, an empty one too, so that row i is line i. What is longer than the model's positions is cut, and said.
  private func textInputs(of encoder: PretrainedEncoder) throws -> EncoderInputs {
    let text = text ?? ""
    guard let longest = encoder.longestText else {
      throw Failure(
        .badInput, "\(model)/config.json: model_type: --text expects a model of texts; give its inputs with --input")
    }
    let tokenizer = try loadTokenizer(folder: model)
    let isPiped = text == "-" || text == "/dev/stdin"
    let lines = InputFile.lines(try isPiped ? InputFile.readStandardInput(limit: 1 << 30) : InputFile.read(text))
    guard !lines.isEmpty else { throw Failure(.badInput, "\(text): expected at least one line of text") }
    var cut: [(line: Int, tokens: Int)] = []
    let ids = try lines.enumerated().map { index, bytes -> [Int32] in
      guard let line = String(validating: bytes, as: UTF8.self) else {
        throw Failure(.badInput, "\(text): line \(index + 1): expected UTF-8, found other bytes; convert the file")
      }
      let count = try tokenizer.encode(line).ids.count
      guard count > 0 else {
        throw Failure(
          .badInput, "\(text): line \(index + 1): expected a text, found none; this model puts no token around it")
      }
      if count > longest { cut.append((index + 1, count)) }
      return try tokenizer.encode(line, maximumLength: longest).ids
    }
    if let first = cut.first {
      Console.note(
        "\(text): \(cut.count) of \(lines.count) texts are longer than the model's \(longest) tokens and were cut; the first is line "
          + "\(first.line) with \(first.tokens)")
    }
    let padded = TokenIds(padding: ids, with: tokenizer.padId)
    let shape = [padded.shape.batch, padded.shape.tokens]
    var inputs = EncoderInputs(source: text)
    inputs.inputIds = IntegerTensor(padded.ids.map(Int.init), shape)
    inputs.attentionMask = IntegerTensor(padded.mask.map { Int($0) }, shape)
    return inputs
  }
}
