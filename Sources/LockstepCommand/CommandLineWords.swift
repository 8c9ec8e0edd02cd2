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
            if looksNegative(word), let option = result.last, option.hasPrefix("--"), !option.contains("=") {
                result[result.count - 1] = "\(option)=\(word)"
            } else {
                result.append(word)
            }
        } + words[end...]
    }

    /// Also of a range, such as -1-5, which is for the option to refuse.
    private static func looksNegative(_ word: String) -> Bool {
        isNegativeNumber(word)
            || word.hasPrefix("-") && word.dropFirst().first?.isNumber ?? false && !word.contains(where: \.isLetter)
    }

    private static func isNegativeNumber(_ word: String) -> Bool {
        word.hasPrefix("-") && Double(word) != nil
    }

    /// Refuses what would be taken for something else: `-epochs`, which the parser reads as the flags -e, -p, ... and -h for
    /// help, and what is no UTF-8, which would name another file.
    static func check() {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let word = CommandLine.unsafeArgv[index], String(validatingCString: word) == nil else { continue }
            refuse(
                "argument \(index), '\(String(cString: word))', is not UTF-8: rename the file, or go by another path")
        }
        if let folder = getcwd(nil, 0) {
            defer { free(folder) }
            if String(validatingCString: folder) == nil {
                refuse(
                    "the working folder's name, '\(String(cString: folder))', is not UTF-8: start from another folder")
            }
        }
        let words = CommandLine.arguments.dropFirst()
        // Behind `--`, only launch has options.
        let options = words.first == "launch" ? words[...] : words.prefix { $0 != "--" }
        for (former, word) in zip([""] + options, options) where former != "--mpirun-option" {
            if word.count > 2, word.first == "-", word.dropFirst().first!.isLetter, !isNegativeNumber(word) {
                refuse("unknown option '\(word)': options have two dashes, as in -\(word)")
            }
        }
    }

    private static func refuse(_ problem: String) -> Never {
        StandardStream.error.write("Error: \(problem)\n")
        Foundation.exit(ExitCode.validationFailure.rawValue)
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
        if let value = message.firstMatch(of: /^The value '(-[^']*)' is invalid/)?.1, isNegativeNumber(String(value)) {
            better = negative(String(value))
        }
        // Help is an answer, and a status without words is for the parser to leave with. All else is written at once, since
        // ranks speak at the same time.
        if type.exitCode(for: error).isSuccess {
            let answer = type.fullMessage(for: error)
            if !answer.isEmpty { print(answer) }
            Answer.finish(nil)
            Foundation.exit(0)
        }
        if message.isEmpty { type.exit(withError: error) }
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
