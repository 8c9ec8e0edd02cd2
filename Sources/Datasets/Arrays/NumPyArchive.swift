// The arrays of a .npz file, which is a zip archive of .npy files. Data sets ask it for x_train, y_train and so on.

/// The arrays of an archive by name, in the archive's order. Reading it looks at the directory alone.
package struct NumPyArchive: Sendable {
    package let path: String
    /// The arrays' names: those of the members, without ".npy".
    package let names: [String]
    private let file: ZipFile

    /// - Throws: `DatasetError` for a file that is no archive, a damaged one, and one without an array.
    package static func read(_ path: String) throws(DatasetError) -> NumPyArchive {
        let file = try ZipFile(path: path)
        let names = file.members.map(\.name).filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
        guard !names.isEmpty else {
            throw DatasetError("\(path) holds no array: no member's name ends in .npy; save it by np.savez")
        }
        return NumPyArchive(path: path, names: names, file: file)
    }

    /// One of the arrays: within the mapped file where it is stored (`np.savez`), unpacked into memory where it is
    /// deflated (`np.savez_compressed`). Its checksum is checked, which reads all of it.
    ///
    /// - Throws: `DatasetError` for a name that no array has, and for a damaged array.
    package func array(_ name: String) throws(DatasetError) -> NumPyArray {
        guard let member = file.members.first(where: { $0.name == name + ".npy" }) else {
            throw DatasetError("\(path) holds no array \(name); it holds \(names.joined(separator: ", "))")
        }
        return try NumPyArray(file.contents(of: member), name: "\(path): member \(member.name)")
    }

    /// All arrays, in order.
    package func arrays() throws(DatasetError) -> [(name: String, array: NumPyArray)] {
        var arrays: [(name: String, array: NumPyArray)] = []
        for name in names { arrays.append((name, try array(name))) }
        return arrays
    }
}
