// Dimensions of a tensor: a small value that never touches the heap, since every operation makes some.

/// The lengths of a tensor's axes, outermost first, row-major; at most six axes. A scalar has rank 0 and count 1.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The most axes a tensor can have.
    package static let maximumRank = 6

    private var lengths: SIMD8<Int32> = .zero
    /// The number of axes.
    public private(set) var rank: Int

    /// - Parameter dimensions: non-negative axis lengths, outermost first. One beyond 2^31 - 1, which a large number in a
    ///   model file makes, is kept as 2^31 - 1: `count(of:)` finds it too large, and nothing is made of the shape.
    @inlinable public init(_ dimensions: some Collection<Int>) { self.init(lengths: Array(dimensions)) }

    /// Not generic, for shapes are made in every operation.
    @usableFromInline init(lengths dimensions: [Int]) {
        require(dimensions.count <= Shape.maximumRank, "a shape has at most 6 axes, got \(dimensions)")
        rank = dimensions.count
        for axis in 0..<dimensions.count {
            let length = dimensions[axis]
            require(length >= 0, "axis \(axis) has length \(length), expected 0 or more")
            lengths[axis] = Int32(clamping: length)
        }
    }

    public init(arrayLiteral elements: Int...) { self.init(elements) }

    /// The length of `axis`; negative axes count from the end, as in NumPy.
    public subscript(axis: Int) -> Int {
        get { Int(lengths[index(of: axis)]) }
        set { lengths[index(of: axis)] = Int32(clamping: newValue) }
    }

    /// The number of elements.
    public var count: Int {
        var product = 1
        for axis in 0..<rank { product *= Int(lengths[axis]) }
        return product
    }

    /// The most elements that a sample or a parameter may have: then no product of a few lengths overflows.
    package static let maximumCount = Int(Int32.max) - 1

    /// The product of `lengths`, nil beyond `maximumCount`. For lengths that a user wrote.
    package static func count(of lengths: some Sequence<Int>) -> Int? {
        var count = 1
        for length in lengths {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            if overflow { return nil }
            count = product
        }
        return count <= maximumCount ? count : nil
    }

    /// The axis lengths as an array.
    public var dimensions: [Int] { (0..<rank).map { Int(lengths[$0]) } }

    /// The axis as a number in `0 ..< rank`.
    package func index(of axis: Int) -> Int {
        let index = axis < 0 ? axis + rank : axis
        require(index >= 0 && index < rank, "axis \(axis) is out of range for shape \(self)")
        return index
    }

    /// The elements of one outermost slice: `[n, rest...] -> rest`.
    package func dropFirst(_ k: Int = 1) -> Shape { Shape(dimensions.dropFirst(k)) }

    /// `[rest...] -> [length, rest...]`.
    package func prepending(_ length: Int) -> Shape { Shape([length] + dimensions) }

    public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}

/// Shapes that do not fit: which layer or operation, what it got, what it expected.
public struct ShapeError: Error, CustomStringConvertible, Sendable, Hashable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
