// `lockstep generate`: a language model's run continues a text.

import ArgumentParser
import Foundation
import Lockstep
import Streams

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a text with a language model's run: the same text on any machine.",
        discussion: """
            For runs on text:FILE or tokens:DIR. Each token is drawn by its probability after
            those before it, by the seed alone. Text appears as it is made: the prompt, what
            follows it, and a line end.
            """)

    @Argument(
        help: ArgumentHelp("A run folder (its last checkpoint) or a checkpoint folder.", valueName: "run"),
        completion: .directory)
    var path: String
    @Option(help: "The text to continue.")
    var prompt: String?
    @Option(help: "The same as numbers of tokens, such as 12,7,31; the answer is in numbers too.")
    var promptTokens: String?
    @Option(help: "Tokens to add.")
    var length = 500
    @Option(
        help: ArgumentHelp(
            "What logits are divided by: below 1 likely tokens become likelier; 0 takes the likeliest.", valueName: "t")
    )
    var temperature: Float = 1
    @Option(help: ArgumentHelp("Draw one of the k likeliest tokens (unless given, of all).", valueName: "k"))
    var topK: Int?
    @Option(help: "Seed of the draws.")
    var seed: UInt64 = 0
    @Option(help: "How many texts, each with draws of its own.")
    var count = 1

    func validate() throws {
        guard (prompt == nil) != (promptTokens == nil) else {
            throw ValidationError("give --prompt TEXT, or --prompt-tokens NUMBERS")
        }
        guard length >= 0 else { throw ValidationError("--length must be at least 0, got \(length)") }
        guard temperature >= 0, temperature.isFinite else {
            throw ValidationError("--temperature must be a finite number, at least 0, got \(temperature)")
        }
        if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1, got \(topK)") }
        guard (1...1 << 32).contains(count) else { throw ValidationError("--count must be at least 1, got \(count)") }
        if prompt == "" { throw ValidationError("--prompt is empty: expected at least one character") }
    }

    func run() throws {
        withoutMPI {
            let checkpoint = try Checkpoint.open(path)
            guard let language = try checkpoint.knownPreparation() as? LanguagePreparation else {
                throw TrainingError(
                    "\(path) is no language model: it was not trained on text:FILE or tokens:DIR; for its predictions "
                        + "see lockstep predict")
            }
            let given = try tokens(language)
            let settings = try checkpoint.resolvedSettings()
            let loss = try settings.training.loss.map { try Loss.named($0) } ?? .sparseCategoricalCrossentropy
            let model = try ModelDescription(of: checkpoint).makeModel().compile(loss: loss)
            try model.load(
                checkpoint, input: [language.blockSize], averages: settings.optimizer.emaMomentum != nil)
            for sample in 0..<count {
                if sample > 0 { print("---") }
                try write(given, language, model, UInt32(sample))
            }
        }
    }

    private func write(_ given: [Int], _ language: LanguagePreparation, _ model: Model, _ sample: UInt32) throws {
        var text = TokenText(language)
        var isFirst = true
        func shown(_ token: Int) -> String {
            defer { isFirst = false }
            return promptTokens == nil ? text.add(token) : (isFirst ? "" : " ") + "\(token)"
        }
        writeToStandardOutput(given.map(shown).joined())
        let sampling = Sampling(temperature: temperature, topK: topK, seed: seed, sample: sample)
        _ = try model.generate(
            prompt: given, length: length, blockSize: language.blockSize,
            tokenCount: language.vocabularySize, sampling: sampling
        ) {
            writeToStandardOutput(shown($0))
            return true
        }
        print(text.end())
    }

    private func tokens(_ language: LanguagePreparation) throws -> [Int] {
        if let prompt {
            let numbers: [Int]
            do { numbers = try language.numbers(of: prompt) } catch {
                throw TrainingError("--prompt: \(error)" + (language.vocabulary == nil ? " by --prompt-tokens" : ""))
            }
            guard !numbers.isEmpty else { throw TrainingError("--prompt '\(prompt)' holds no word") }
            return numbers
        }
        let words = (promptTokens ?? "").split(whereSeparator: { $0 == "," || $0 == " " })
        let numbers = words.compactMap { Int($0) }
        guard !numbers.isEmpty, numbers.count == words.count,
            numbers.allSatisfy({ (0..<language.vocabularySize).contains($0) })
        else {
            throw TrainingError(
                "--prompt-tokens must be numbers from 0 to \(language.vocabularySize - 1), such as 0,1, got "
                    + "'\(promptTokens ?? "")'")
        }
        return numbers
    }
}
