// The options of a layer's windows in a model file: numbers for rows and columns, padding. Read by `LayerKind`.

import Layers
import Tensors
import Yams

extension LayerOptions {
    /// A number for rows and columns alike, or one for each.
    func pair(_ key: String, from least: Int = 1) throws(ModelFileError) -> Pair {
        let expected = "a whole number, \(least) or more, or two for rows and columns, such as [3, 5]"
        guard let node = nodes[key] else { throw missing(key, expected) }
        guard let pair = node.pair(from: least) else { throw wrong(key, node, expected) }
        return pair
    }

    func pair(_ key: String, default value: Pair, from least: Int = 1) throws(ModelFileError) -> Pair {
        nodes[key] == nil ? value : try pair(key, from: least)
    }

    /// Nil where the key is absent.
    func optionalPair(_ key: String, from least: Int = 1) throws(ModelFileError) -> Pair? {
        nodes[key] == nil ? nil : try pair(key, from: least)
    }

    /// Of images: `valid`, `same`, a number, one for rows and one for columns, or `[[top, bottom], [left, right]]`.
    func padding(_ key: String = "padding") throws(ModelFileError) -> Padding {
        guard let node = nodes[key] else { return .valid }
        switch node.scalar?.string {
        case "valid": return .valid
        case "same": return .same
        default: break
        }
        guard let sides = node.sides() else {
            throw wrong(
                key, node,
                "valid, same, or how many zeros: a number, [rows, columns] or [[top, bottom], [left, right]]")
        }
        return .explicit(top: sides.top, bottom: sides.bottom, left: sides.left, right: sides.right)
    }

    /// Of sequences: `valid`, `same`, `causal` where a layer has it, a number, or `[before, after]`.
    func sequencePadding(isCausal: Bool = false) throws(ModelFileError) -> SequencePadding {
        guard let node = nodes["padding"] else { return .valid }
        switch node.scalar?.string {
        case "valid": return .valid
        case "same": return .same
        case "causal" where isCausal: return .causal
        default: break
        }
        guard let ends = node.pair(from: 0) else {
            let words = isCausal ? "valid, same, causal" : "valid, same"
            throw wrong("padding", node, "\(words), or how many zeros: a number or [before, after]")
        }
        return .explicit(before: ends.height, after: ends.width)
    }
}

extension Node {
    /// A whole number, twice, or a list of two.
    func pair(from least: Int) -> Pair? {
        let allowed = least...Int(Int32.max)
        if let value = int { return allowed.contains(value) ? Pair(value) : nil }
        guard let sequence, sequence.count == 2, let first = sequence[0].int, let second = sequence[1].int,
            allowed.contains(first), allowed.contains(second)
        else { return nil }
        return Pair(first, second)
    }

    /// A number for all sides of an image, one for rows and one for columns, or a list of two for each.
    func sides() -> (top: Int, bottom: Int, left: Int, right: Int)? {
        if let pair = pair(from: 0) { return (pair.height, pair.height, pair.width, pair.width) }
        guard let sequence, sequence.count == 2, let rows = sequence[0].pair(from: 0),
            let columns = sequence[1].pair(from: 0), sequence.allSatisfy({ $0.sequence != nil })
        else { return nil }
        return (rows.height, rows.width, columns.height, columns.width)
    }
}
