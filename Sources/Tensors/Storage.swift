// The memory behind one or more tensors.

/// A block of floats that goes back where it came from when the last tensor lets go of it.
final class Storage: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    private let workspace: Workspace?
    private let count: Int
    /// Keeps memory alive that belongs to somebody else (a flat parameter buffer); nil where it is our own.
    private let owner: AnyObject?

    /// False for a view of somebody else's memory.
    var isOwned: Bool { owner == nil }

    /// Memory from `workspace`, or from the system where there is none.
    init(count: Int, workspace: Workspace?) {
        self.count = count
        self.workspace = workspace
        owner = nil
        pointer = workspace?.takeBuffer(count: count) ?? allocateFloats(count)
    }

    /// A view of memory that `owner` keeps alive.
    init(viewing pointer: UnsafeMutablePointer<Float>, count: Int, owner: AnyObject) {
        self.pointer = pointer
        self.count = count
        self.owner = owner
        workspace = nil
    }

    deinit {
        if owner != nil { return }
        if let workspace { workspace.giveBack(pointer, count: count) } else { pointer.deallocate() }
    }
}
