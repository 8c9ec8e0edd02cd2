// Several words as one text, for settings that are lists: on the command line, and wherever a list is compared as text.

/// Words separated by commas; one that holds a comma or a quote stands in quotes, its own quotes doubled, as in CSV.
package enum ListText {
    package static func joined(_ words: [String]) -> String {
        if words.count == 1, words[0].isEmpty { return "\"\"" }
        return words.map { word in
            let isPlain = !word.contains { $0 == "," || $0 == "\"" } && word == trimmed(word[...])
            return isPlain ? word : "\"" + word.replacing("\"", with: "\"\"") + "\""
        }.joined(separator: ",")
    }

    /// The words of a text, spaces around them removed; none for an empty text.
    package static func split(_ text: String) -> [String] {
        if trimmed(text[...]).isEmpty { return [] }
        var (fields, isQuoted) = ([""], false)
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == "," && !isQuoted { fields.append("") } else { fields[fields.count - 1].append(character) }
        }
        return fields.map { field in
            let word = trimmed(field[...])
            guard word.count >= 2, word.hasPrefix("\""), word.hasSuffix("\"") else { return word }
            return String(word.dropFirst().dropLast()).replacing("\"\"", with: "\"")
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
