// The value every layer computes with: a shape and dense row-major Float32 memory.

/// An n-dimensional array of `Float`, dense and row-major, up to six axes. Images are NHWC.
///
/// Tensors are values: no public operation changes one in place, and results never share memory with what a caller may
/// still change. Class numbers and indices are whole numbers stored as floats, exact up to 2^24.
public struct Tensor: Sendable, CustomStringConvertible {
    public let shape: Shape
    private(set) var storage: Storage
    /// Where results computed from this tensor take their memory from.
    package let workspace: Workspace?

    /// The number of elements.
    package var count: Int { shape.count }

    /// A tensor with unspecified contents, for an operation that writes every element.
    package init(uninitialized shape: Shape, in workspace: Workspace? = nil) {
        self.shape = shape
        self.workspace = workspace
        storage = Storage(count: shape.count, workspace: workspace)
    }

    /// A tensor that is a window onto memory kept alive by `owner`.
    package init(viewing pointer: UnsafeMutablePointer<Float>, shape: Shape, owner: AnyObject) {
        self.shape = shape
        workspace = nil
        storage = Storage(viewing: pointer, count: shape.count, owner: owner)
    }

    /// The same memory under another shape.
    init(sharing tensor: Tensor, shape: Shape) {
        self.shape = shape
        workspace = tensor.workspace
        storage = tensor.storage
    }

    /// The same memory, with results computed from it taking theirs from `workspace`: so a tensor from elsewhere joins
    /// a pass without making it allocate.
    package init(_ tensor: Tensor, computingIn workspace: Workspace) {
        shape = tensor.shape
        storage = tensor.storage
        self.workspace = workspace
    }

    /// - Parameter scalars: exactly `shape.count` elements in row-major order.
    /// - Throws: `ShapeError` for another number of them.
    public init(
        _ shape: Shape, _ scalars: some Collection<Float>, in workspace: Workspace? = nil
    ) throws(ShapeError) {
        guard let count = Shape.count(of: shape.dimensions), count == scalars.count else {
            throw ShapeError(
                "Tensor: shape \(shape) wants as many scalars as the product of its lengths, got \(scalars.count)")
        }
        self.init(uninitialized: shape, in: workspace)
        _ = UnsafeMutableBufferPointer(start: pointer, count: count).update(fromContentsOf: scalars)
    }

    /// A vector: shape `[scalars.count]`.
    package init(_ scalars: [Float]) {
        self.init(uninitialized: [scalars.count])
        pointer.update(from: scalars, count: scalars.count)
    }

    /// Every element equal to `value`; shape `[]` unless given.
    public init(repeating value: Float, _ shape: Shape = [], in workspace: Workspace? = nil) {
        self.init(uninitialized: shape, in: workspace)
        pointer.update(repeating: value, count: count)
    }

    package static func zeros(_ shape: Shape, in workspace: Workspace? = nil) -> Tensor {
        Tensor(repeating: 0, shape, in: workspace)
    }

    /// The elements in row-major order.
    public var scalars: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// The only element of a tensor that has one.
    public var scalar: Float {
        require(count == 1, "scalar: a tensor of shape \(shape) has \(count) elements, expected 1")
        return pointer[0]
    }

    /// The first element. Valid while the tensor lives; writing is for whoever has just made it.
    package var pointer: UnsafeMutablePointer<Float> { storage.pointer }

    /// Whether writing to this tensor's memory can be seen through no other tensor.
    mutating func isUniquelyReferenced() -> Bool { storage.isOwned && isKnownUniquelyReferenced(&storage) }

    /// The first element, for writing where that can be seen through no other tensor; nil where it can.
    package mutating func ownedPointer() -> UnsafeMutablePointer<Float>? { isUniquelyReferenced() ? pointer : nil }

    public var description: String {
        let shown = scalars.prefix(16).map { "\($0)" }.joined(separator: ", ")
        return "Tensor\(shape) [\(shown)\(count > 16 ? ", ..." : "")]"
    }
}

/// The workspace for a result of operands that may each have one. Where none has, a fresh one serves this result and
/// what follows from it.
func resultWorkspace(_ first: Tensor, _ second: Tensor? = nil) -> Workspace {
    first.workspace ?? second?.workspace ?? Workspace()
}
