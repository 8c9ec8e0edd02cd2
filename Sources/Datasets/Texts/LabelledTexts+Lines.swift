// Lines of a label, a tab and a text, and folders of one file a class: `lines:FILE` and `lines:DIR`.

import Foundation

extension LabelledTexts {
    /// Reads files of lines: what stands before the first tab is the label, what is behind it the text. Of a folder, each
    /// file `CLASS.txt` (or `.txt.gz`) holds a text on each line, which are of that class. Quotes are signs like others. LF,
    /// CR LF and CR end lines; blank ones are passed over and counted.
    ///
    /// - Throws: `DatasetError` naming file and line: for a line without a tab or without a label, bytes that are no UTF-8,
    ///   and no lines.
    public static func read(lines paths: [String]) throws(DatasetError) -> LabelledTexts {
        guard let first = paths.first else { throw DatasetError("no file of texts was given; expected one or more") }
        var reader = LineReader()
        for path in paths {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
                try reader.read(folder: path)
            } else {
                try reader.read(path, label: nil)
            }
        }
        guard !reader.texts.isEmpty else {
            throw DatasetError("\(first) has no text: expected lines of a label, a tab and a text")
        }
        let blank = reader.blankCount
        return LabelledTexts(
            name: paths.count == 1 ? first : "\(first) and \(paths.count - 1) more", texts: reader.texts,
            rows: Array(reader.texts.indices), targets: [reader.labelColumn],
            notes: blank > 0 ? ["\(blank) blank lines are passed over"] : [], places: reader.places)
    }

    /// Reads texts without labels, one a line, to predict. A blank line is an empty text, so that answers go with lines.
    ///
    /// - Throws: `DatasetError` for bytes that are no UTF-8, naming the line.
    package static func read(plain paths: [String]) throws(DatasetError) -> LabelledTexts {
        var texts: [String] = []
        for path in paths {
            let file = try TableFile(path)
            LineReader.forEachLine(of: file.text) { texts.append(String(decoding: $0, as: UTF8.self)) }
        }
        return LabelledTexts(texts, name: paths.joined(separator: ", "))
    }

    /// Texts without labels, one a line, that are in memory already.
    ///
    /// - Throws: `DatasetError` for a NUL byte, naming the line.
    package static func read(plain text: String, name: String) throws(DatasetError) -> LabelledTexts {
        var (text, texts) = (text, [String]())
        text.withUTF8 { bytes in
            LineReader.forEachLine(of: bytes) { texts.append(String(decoding: $0, as: UTF8.self)) }
        }
        if let row = texts.firstIndex(where: { $0.utf8.contains(0) }) {
            throw DatasetError("\(name):\(row + 1): this line has a NUL byte, so that it is no text in UTF-8")
        }
        return LabelledTexts(texts, name: name)
    }
}

/// Collects the lines of files.
private struct LineReader {
    private(set) var texts: [String] = []
    private(set) var places = LinePlaces()
    private(set) var blankCount = 0
    private var labels = TokenTable()
    /// By row the number of its label.
    private var codes: [Int32] = []

    /// The labels, numbered in the order of their bytes.
    var labelColumn: TableColumn {
        let order = (0..<labels.count).sorted { labels[$0].lexicographicallyPrecedes(labels[$1]) }
        var ranks = [Int32](repeating: 0, count: order.count)
        for (rank, number) in order.enumerated() { ranks[number] = Int32(rank) }
        return TableColumn(
            name: "label", values: .texts(codes: codes.map { ranks[Int($0)] }, names: order.map(labels.text)),
            missingCount: 0)
    }

    /// One file for each class, in the order of their names' bytes; hidden and other files are passed over.
    mutating func read(folder: String) throws(DatasetError) {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw DatasetError("\(folder) can't be listed: \(error.localizedDescription)", .unreadable)
        }
        let files = names.filter { !$0.hasPrefix(".") && ($0.hasSuffix(".txt") || $0.hasSuffix(".txt.gz")) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard !files.isEmpty else {
            throw DatasetError("\(folder) has no file CLASS.txt: expected one for each class, with a text on each line")
        }
        for file in files {
            let end = file.hasSuffix(".gz") ? ".txt.gz" : ".txt"
            try read("\(folder)/\(file)", label: String(file.dropLast(end.count)))
        }
    }

    /// - Parameter label: that of all lines; nil where it stands before a tab in each.
    mutating func read(_ path: String, label: String?) throws(DatasetError) {
        let file = try TableFile(path)
        let number = label.map { label in Array(label.utf8).withUnsafeBufferPointer { labels.add($0) } }
        let index = Int32(places.files.count)
        places.files.append(path)
        var (line, fault): (Int32, TableFault?) = (0, nil)
        LineReader.forEachLine(of: file.text) { bytes in
            line += 1
            guard fault == nil else { return }
            guard bytes.contains(where: { $0 != 0x20 && $0 != TableScanner.tab }), let start = bytes.baseAddress else {
                blankCount += 1
                return
            }
            var (text, code) = (bytes[...], number)
            if code == nil {
                guard let tab = bytes.firstIndex(of: TableScanner.tab), tab > 0 else {
                    fault = TableFault(
                        at: start,
                        "this line has no \(bytes.contains(TableScanner.tab) ? "label before its tab" : "tab"): expected a "
                            + "label, a tab and a text, or a folder with a file CLASS.txt for each class")
                    return
                }
                code = labels.add(UnsafeBufferPointer(rebasing: bytes[..<tab]))
                text = bytes[(tab + 1)...]
            }
            texts.append(String(decoding: text, as: UTF8.self))
            codes.append(code ?? 0)
            places.file.append(index)
            places.line.append(line)
        }
        if let fault { throw file.error(fault) }
    }

    /// Every line without its end.
    static func forEachLine(
        of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        var (start, place) = (0, 0)
        while place < text.count {
            let byte = text[place]
            if byte == lineFeed || byte == carriageReturn {
                body(UnsafeBufferPointer(rebasing: text[start..<place]))
                if byte == carriageReturn, place + 1 < text.count, text[place + 1] == lineFeed { place += 1 }
                start = place + 1
            }
            place += 1
        }
        if start < text.count { body(UnsafeBufferPointer(rebasing: text[start...])) }
    }
}
