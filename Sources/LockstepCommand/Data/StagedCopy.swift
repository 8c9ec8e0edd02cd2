// `--stage DIR`: a host's own copy of the data's files, unpacked, so that its ranks map them instead of each reading and
// unpacking the originals. DataSource makes it.

import Foundation
import Lockstep

/// MNIST's four files as plain IDX files in a folder of their own, with a list of their hashes written last.
///
/// Every file is renamed into place when it is whole, and all who write one write the same: a folder belongs to one
/// state of the originals, by their paths, sizes and times of change. So it never matters who else stages there.
struct StagedCopy {
    /// Where the files are.
    let folder: String
    private let source: String

    /// The place of `source`'s copy below `directory`.
    ///
    /// - Throws: `DatasetError` when files of the source are missing.
    init(of source: String, below directory: String) throws {
        let state = try MNIST.files(of: MNIST.Part.allCases, in: source).map { file in
            let path = URL(filePath: file).resolvingSymlinksInPath().path
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return "\(path) \(attributes[.size] ?? 0) \(changed)"
        }
        folder = "\(directory)/mnist-\(Fingerprint(of: Data(state.joined(separator: "\n").utf8)))"
        self.source = source
    }

    private var listPath: String { folder + "/hashes.txt" }

    /// Whether the files are there with the hashes that were written down.
    var isWhole: Bool {
        guard let list = FileManager.default.contents(atPath: listPath) else { return false }
        let found = MNIST.Part.allCases.flatMap { [$0.images, $0.labels] }.map { name in
            let data = try? Data(contentsOf: URL(filePath: "\(folder)/\(name)"), options: .alwaysMapped)
            return StagedCopy.line(name, data ?? Data())
        }
        return list == Data(found.joined().utf8)
    }

    /// Writes the copy, over whatever is there.
    ///
    /// - Parameter progress: called after each file.
    func write(progress: () -> Void) throws {
        try DurableFile.makeFolder(folder)
        TemporaryName.removeLeftovers(in: folder)
        var list = ""
        for part in MNIST.Part.allCases {
            // What is wrong with an original is found here, and told under its own name.
            let set = try MNIST.load(part, directory: source)
            var images = Data(IDXFile.header(dimensions: [set.count] + set.sampleShape.dimensions.prefix(2)))
            set.samples.withUnsafeBufferPointer { images.append($0) }
            let labels = Data(IDXFile.header(dimensions: [set.count]) + set.labels.map { UInt8($0) })
            for (name, data) in [(part.images, images), (part.labels, labels)] {
                try DurableFile.replace("\(folder)/\(name)", data)
                list += StagedCopy.line(name, data)
                progress()
            }
        }
        try DurableFile.replace(listPath, Data(list.utf8))
    }

    private static func line(_ name: String, _ data: Data) -> String { "\(Fingerprint(of: data))  \(name)\n" }
}

extension Fingerprint {
    fileprivate init(of data: Data) { self = data.withUnsafeBytes(Fingerprint.init(of:)) }
}

extension DataSource {
    /// The same data, from the copy that this host has below `directory`; itself without a directory. The lowest rank of
    /// a host makes the copy where none is whole, and the others wait for it. Collective, also for ranks without one.
    ///
    /// - Throws: on every rank, if the copy can't be made on any host.
    func staged(in directory: String?, _ world: World, _ status: RankStatus) throws -> DataSource {
        // What is decoded of pictures goes there later.
        var directory = directory
        if case .images = self { directory = nil }
        let host = world.communicator.hostName
        let wishes = try status.during(.waiting) {
            try gatherTexts(directory.map { "\(host) \($0)" } ?? "", world.communicator)
        }
        if Set(wishes) == [""] { return self }
        let isFirst = wishes.firstIndex(of: wishes[world.rank]) == world.rank
        var result = self
        // In their turn the others make a copy too, where two hosts have one name.
        for turn in [true, false] {
            try status.during(.waiting) {
                try world.together {
                    guard let directory, turn == isFirst else { return }
                    do { result = try status.during(.loading) { try copied(to: directory, world, status) } } catch {
                        throw TrainingError("\(host) can't stage the data in --stage '\(directory)': \(error)")
                    }
                }
            }
        }
        return result
    }

    private func copied(to directory: String, _ world: World, _ status: RankStatus) throws -> DataSource {
        guard let source = idxFolder else {
            throw TrainingError(
                "\(self) has no files to unpack; leave --stage out: it is for mnist:DIR and fashion-mnist:DIR")
        }
        guard !directory.isEmpty else { throw TrainingError("expected a folder") }
        let copy = try StagedCopy(of: source, below: directory)
        if !copy.isWhole {
            try copy.write { status.mark() }
            world.logger.notice("staged \(self) in \(copy.folder)")
        }
        if case .fashionMNIST = self { return .fashionMNIST(directory: copy.folder) }
        return .mnist(directory: copy.folder)
    }
}
