// Pictures decoded into samples: by threads, with damaged ones among them, of many classes, normalised.

import Foundation
import Synchronization
import Testing

import Datasets
import Tensors

struct PictureDecoderTests {
    private let directory = TemporaryDirectory()

    private func files(_ count: Int, _ bytes: (Int) -> [UInt8]) -> [PictureFile] {
        (0..<count).map { PictureFile(path: directory.write("\($0).ppm", bytes($0))) }
    }

    private func decode(
        _ files: [PictureFile], _ form: PictureForm, skips: Bool = false, threads: Int = 2
    ) throws -> (bytes: [UInt8], damaged: [PictureDecoder.Damage]) {
        var bytes: [UInt8] = []
        let decoder = PictureDecoder(files, form, skipsDamaged: skips, threads: threads)
        let damaged = try decoder.decode(progress: { _ in }) { bytes += $0 }
        return (bytes, damaged)
    }

    @Test func anyNumberOfThreadsGivesTheSameBytes() throws {
        let files = files(50) { number in
            Array("P6\n\(3 + number % 4) 5\n255\n".utf8)
                + (0..<(3 + number % 4) * 15).map { UInt8(truncatingIfNeeded: $0 * 31 + number * 17) }
        }
        let form = PictureForm(height: 4, width: 6, channels: 1)
        let one = try decode(files, form, threads: 1)
        #expect(one.bytes.count == 50 * 24 && Set(one.bytes).count > 100)
        #expect(try decode(files, form, threads: 7).bytes == one.bytes)
        #expect(one.bytes[24..<48].elementsEqual(try form.bytes(of: files[1].path)))
    }

    @Test func damagedPicturesAreNamedOrLeftOut() throws {
        let files = files(6) {
            [1, 4].contains($0) ? Array("P6\n9 9\n255\nshort".utf8) : netpbm([UInt8($0), 0, 0], height: 2, width: 2)
        }
        let form = PictureForm(height: 1, width: 1, channels: 3)
        expectDatasetError("\(files[1].path) is damaged: it ends early", "leave such pictures out with `skipDamaged`") {
            try decode(files, form)
        }
        let (bytes, damaged) = try decode(files, form, skips: true)
        #expect(bytes == [0, 0, 0, 2, 0, 0, 3, 0, 0, 5, 0, 0])
        let missing = PictureFile(path: directory.path + "/none.ppm")
        #expect(try decode(files + [missing], form, skips: true).damaged.map(\.isUnreadable) == [false, false, true])
        #expect(damaged.map(\.index) == [1, 4] && damaged[0].problem.hasPrefix(files[1].path))
        expectDatasetError("none of 2 pictures can be read: \(files[1].path) is damaged") {
            try decode([files[1], files[4]], form, skips: true)
        }
    }

    /// A header that promises more than the limit costs no memory, and says what the limit is.
    @Test func bombsAreRefused() throws {
        let files = files(1) { _ in Array("P6\n40000 40000\n255\n".utf8) }
        expectDatasetError("has 40000 x 40000 pixels, more than the 67108864 that are read; scale it first") {
            try decode(files, PictureForm(height: 8, width: 8, channels: 3))
        }
    }

    @Test func moreThan256ClassesKeepTheirNumbers() throws {
        let labels = (0..<1000).map { Int32($0) }
        let set = try ImageDataset(
            name: "many", sampleShape: [1, 1, 1], samples: [UInt8](repeating: 1, count: 1000), labels: labels,
            classCount: 1000)
        #expect(set.classNumber(of: 999) == 999 && set.isSortedByClass)
        #expect(try set[256..<258].targets.scalars == [256, 257])
        #expect(set.part(300..<302).labels == [300, 301])
        expectDatasetError("sample 0 of many has label 1000, expected a class of 0 ..< 1000") {
            try ImageDataset(name: "many", sampleShape: [1], samples: [0], labels: [1000], classCount: 1000)
        }
    }

    @Test func normalisationIsFittedOnSomeAndAppliedToAll() throws {
        var set = try ImageDataset(
            name: "two", sampleShape: [1, 2, 3], samples: [0, 51, 7, 255, 51, 7, 255, 0, 0, 255, 0, 0],
            labels: [0, 1], classCount: 2)
        let plain = set.fingerprint
        let found = ChannelNormalization(fittedOn: set, [0])
        #expect(found.means == [0.5, 0.2, 7.0 / 255] && found.deviations == [0.5, 1, 1])
        set.normalization = found
        #expect(set.fingerprint != plain)
        let values = try set[0..<2].inputs.scalars
        #expect(values[..<6].elementsEqual([-1, 0, 0, 1, 0, 0]))
        #expect(values[6...].elementsEqual([1, -0.2, Float(-7.0 / 255), 1, -0.2, Float(-7.0 / 255)]))
        #expect(set.part(1..<2).normalization == found)
        set.normalization = nil
        #expect(try set[0..<1].inputs.scalars[1] == Float(51) * (1 / 255) && set.fingerprint == plain)
    }

    @Test func aPreparationIsReadBackAndChecked() throws {
        let form = PictureForm(height: 3, width: 4, channels: 1)
        let own = PicturePreparation(
            form, classNames: ["a", "b"], normalization: ChannelNormalization(means: [0.5], deviations: [0.25]),
            notes: ["a note"])
        let json = DataPreparation.json(own)
        #expect(try DataPreparation.read(json, source: "x") as? PicturePreparation == own)
        #expect(String(decoding: json, as: UTF8.self).contains("\"resize\":\"bilinear\""))
        for (from, to) in [("\"height\":3", "\"height\":0"), ("[0.25]", "[0]"), ("[\"a\",\"b\"]", "[]")] {
            let changed = String(decoding: json, as: UTF8.self).replacing(from, with: to)
            expectDatasetError("x holds a damaged preparation of pictures") {
                try DataPreparation.read(Data(changed.utf8), source: "x")
            }
        }
    }
}
