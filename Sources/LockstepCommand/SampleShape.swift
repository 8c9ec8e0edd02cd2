// The shape of a sample as the command line writes it; for `summary` and `plan`.

import Lockstep

extension Shape {
    /// - Parameter text: lengths such as `28x28x1`.
    init(ofSample text: String) throws {
        let lengths = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard lengths.allSatisfy({ $0 > 0 }), lengths.count <= 5, Shape.count(of: lengths) != nil else {
            throw TrainingError(
                "--input must be positive lengths such as 28x28x1, at most 5, of at most 2^31 - 2 elements, got '\(text)'"
            )
        }
        self.init(lengths)
    }
}
