// The words of the command line before and after the parser: what it takes for options and is none, and what it says of
// options that there are not.

import ArgumentParser
import Foundation
import Models
import Streams

/// What stands between the command line and the parser.
package enum CommandLineWords {
    /// The words after the program's name, as the parser wants them.
    static var all: [String] { joined(Array(CommandLine.arguments.dropFirst())) }

    /// `--epochs -1` as `--epochs=-1`, up to `--`: what begins with a dash is no value for the parser, so that it would
    /// call it missing.
    package static func joined(_ words: [String]) -> [String] {
        let end = words.firstIndex(of: "--") ?? words.endIndex
        return words[..<end].reduce(into: []) { result, word in
            if isNegativeNumber(word), let option = result.last, option.hasPrefix("--"), !option.contains("=") {
                result[result.count - 1] = "\(option)=\(word)"
            } else {
                result.append(word)
            }
        } + words[end...]
    }

    private static func isNegativeNumber(_ word: String) -> Bool {
        word.hasPrefix("-") && (Double(word) != nil || word.dropFirst().first?.isNumber ?? false)
    }

    /// Ends the program as `type` would after `error`, with a better message about an unknown option.
    static func leave(_ error: any Error, _ type: any ParsableArguments.Type = LockstepCommand.self) -> Never {
        let message = type.message(for: error)
        var better = message.hasPrefix("Unknown option '") ? unknownOption(message) : message
        // What is no option's value is none for the parser.
        let words = all.prefix { $0 != "--" }
        if let number = words.first(where: isNegativeNumber), type.exitCode(for: error) == .validationFailure {
            better = negative(number)
        }
        if better == message { type.exit(withError: error) }
        let text = type.fullMessage(for: error).replacing(message, with: better, maxReplacements: 1)
        StandardStream.error.write(text + "\n")
        Foundation.exit(type.exitCode(for: error).rawValue)
    }

    private static func negative(_ number: String) -> String {
        "'\(number)' is negative: expected a number of 0 or more"
    }

    /// - Parameter message: the parser's, `Unknown option '--gpu'. Did you mean '--run'?`: it takes any three letters for
    ///   any other three.
    package static func unknownOption(_ message: String) -> String {
        let quoted = message.split(separator: "'", omittingEmptySubsequences: false)
        let name = String(quoted[1])
        if isNegativeNumber(name) { return negative(name) }
        let plain = name.drop { $0 == "-" }
        if ["gpu", "gpus", "cuda", "device", "devices", "accelerator"].contains(plain) {
            return
                "Unknown option '\(name)': Lockstep trains on CPUs; --threads, mpirun and launch --ranks spread the work"
        }
        guard quoted.count > 3 else { return message }
        let suggestion = quoted[3].drop { $0 == "-" }
        let distance = ModelFileError.editDistance(String(plain), String(suggestion))
        let isNear = distance <= max(1, min(plain.count, suggestion.count) / 3) || plain.sorted() == suggestion.sorted()
        return isNear ? message : "Unknown option '\(name)'"
    }
}
