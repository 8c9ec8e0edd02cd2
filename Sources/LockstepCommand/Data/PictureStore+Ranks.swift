// One rank of a host decodes the pictures for all of them.

import Collectives
import Foundation
import Lockstep
import Streams

extension ResolvedSettings {
    /// Where pictures are kept once they are decoded, in their order: what --cache says, --stage, the user's cache folder.
    ///
    /// - Parameter mark: a sign of life, from any thread.
    func pictureStore(
        environment: [String: String] = ProcessInfo.processInfo.environment, mark: @escaping @Sendable () -> Void
    ) -> PictureStore {
        let own = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let folder = self.pictures.cache ?? self.data.stage ?? expandingHome(own ?? "~/.cache") + "/lockstep"
        return PictureStore(
            folder: folder == PictureSettings.noCache ? nil : folder, skipsDamaged: self.pictures.skipDamaged,
            threads: self.execution.threads ?? ProcessInfo.processInfo.activeProcessorCount, mark: mark)
    }

    /// Has the lowest rank of each host decode the pictures of `source` into the host's cache, and the others wait for it.
    /// Other data it leaves alone. Collective, also for ranks with other data.
    ///
    /// - Parameter testOnly: whether the part for training is not needed.
    /// - Throws: on every rank, if a picture can't be decoded on any.
    func decodePictures(
        _ source: DataSource, _ known: (any Preparation)?, _ world: World, _ status: RankStatus,
        testOnly: Bool = false
    ) throws {
        let host = world.communicator.hostName
        var wish = ""
        if case .images(let directory) = source { wish = "\(host) \(directory)" }
        let wishes = try status.during(.waiting) { try gatherTexts(wish, world.communicator) }
        if Set(wishes) == [""] { return }
        try status.during(.waiting) {
            try world.together {
                guard case .images(let directory) = source, wishes.firstIndex(of: wish) == world.rank else { return }
                try status.during(.loading) {
                    var store = pictureStore { status.mark() }
                    store.tell = { world.logger.notice("\($0)") }
                    try decode(directory, known as? PicturePreparation, store, testOnly)
                }
            }
        }
    }

    private func decode(_ directory: String, _ known: PicturePreparation?, _ store: PictureStore, _ testOnly: Bool) throws {
        guard store.folder != nil else { return }
        let folder = try ImageFolder(directory, classNames: known?.classNames)
        guard known != nil || folder[.train] != nil else { return }
        let form = try pictureForm(of: folder, known, store).form
        let needed = testOnly ? folder.testPart.map { [$0] } ?? [] : folder.parts
        for part in needed { _ = try store.pictures(of: part, in: folder, form, inMemory: false) }
    }
}
