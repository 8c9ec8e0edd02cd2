// One number for the rows and one for the columns of an image, as windows, strides and the like have them.

/// A number for each axis of an image; one literal stands for both: `kernelSize: 3`, `kernelSize: [3, 5]`.
public struct Pair: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, CustomStringConvertible
{
    package var height: Int
    package var width: Int

    package init(_ height: Int, _ width: Int) { (self.height, self.width) = (height, width) }
    /// The same for both.
    package init(_ both: Int) { self.init(both, both) }
    public init(integerLiteral both: Int) { self.init(both) }

    public init(arrayLiteral elements: Int...) {
        require(elements.count == 2, "expected two numbers, for rows and columns, got \(elements)")
        self.init(elements[0], elements[1])
    }

    /// Both are `least` or more.
    package func isAtLeast(_ least: Int) -> Bool { height >= least && width >= least }

    /// `3 x 5`
    public var description: String { "\(height) x \(width)" }
}
