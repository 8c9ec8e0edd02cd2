// What a pass over the next positions of sequences needs of the earlier ones: so a text is generated token by token
// without computing its beginning again. Layers that mix positions keep their part here, by their own identity.

import Tensors

/// The earlier positions of a batch of sequences; empty at first. A tape of mode `.inference` that has one computes the
/// positions after them, with the bits of a pass over all. Used by one thread.
package final class SequenceCache {
    /// How many positions fit.
    package let capacity: Int
    /// How many positions have been computed.
    package private(set) var count = 0
    private var entries: [ObjectIdentifier: Entry] = [:]

    private struct Entry {
        var count: Int
        let tensors: [Tensor]
    }

    package init(capacity: Int) {
        require(capacity > 0, "SequenceCache: capacity must be positive, got \(capacity)")
        self.capacity = capacity
    }

    /// Keeps `parts`, each `[batch, new positions, features]`, after those that `owner` has kept, and returns all,
    /// `[batch, capacity, features]`, of which the first `count` + new positions are filled.
    package func append(_ parts: [Tensor], of owner: AnyObject) -> [Tensor] {
        let new = parts[0].shape[1]
        require(count + new <= capacity, "SequenceCache: \(count) + \(new) positions do not fit into \(capacity)")
        let identity = ObjectIdentifier(owner)
        var entry =
            entries[identity]
            ?? Entry(count: 0, tensors: parts.map { .zeros([$0.shape[0], capacity, $0.shape[2]]) })
        require(entry.count == count, "SequenceCache: a layer that is used twice in a pass can't go on from a cache")
        for (part, all) in zip(parts, entry.tensors) {
            require(
                part.shape[0] == all.shape[0], "SequenceCache: \(part.shape[0]) sequences after \(all.shape[0])")
            all.write(part, axis: 1, at: count)
        }
        entry.count += new
        entries[identity] = entry
        return entry.tensors
    }

    /// Tells that a pass over `positions` more is complete.
    package func advance(by positions: Int) { count += positions }
}
