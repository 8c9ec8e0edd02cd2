// `--data images:DIR`: the same bits on any layout, the cache of decoded pixels, and what evaluate, predict and inspect make
// of pictures.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct ImageFolderRunTests {
        private static let classes = ["blue", "green", "red"]

        /// A PPM file of noise that is lighter in one channel.
        private static func picture(_ number: Int, of channel: Int, height: Int, width: Int) -> Data {
            var state = UInt64(number * 3 + channel + 1)
            let pixels = (0..<height * width * 3).map { index -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 57) + (index % 3 == 2 - channel ? 100 : 0)
            }
            return Data("P6\n\(width) \(height)\n255\n".utf8) + Data(pixels)
        }

        /// Pictures of three classes, `count` each, below `folder`.
        private static func draw(_ count: Int, to folder: String, sizes: Bool = true, first: Int = 0) throws {
            for (channel, name) in classes.enumerated() {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
                for number in first..<first + count {
                    let side = sizes ? 10 + number % 5 : 12
                    let data = picture(number, of: channel, height: side, width: sizes ? side + 3 : side)
                    try data.write(to: URL(filePath: "\(folder)/\(name)/\(number).ppm"))
                }
            }
        }

        private static func arguments(_ folder: String, cache: String = "cache") -> [String] {
            [
                "--data", "images:\(folder)/data", "--cache", "\(folder)/\(cache)", "--image-size", "12",
                "--normalize", "computed", "--random-translation", "0.1", "--epochs", "2", "--batch-size", "16",
                "--shards", "4", "--hidden", "8",
            ]
        }

        /// The files of decoded pixels, with their numbers in the file system.
        private static func pixelFiles(_ folder: String) throws -> [String: UInt64] {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/cache")
            #expect(names.allSatisfy { $0.hasSuffix(".pixels") || $0.hasSuffix(".json") }, "\(names)")
            return Dictionary(
                uniqueKeysWithValues: try names.filter { $0.hasSuffix(".pixels") }.map { name in
                    let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/cache/\(name)")
                    return (name, try #require(attributes[.systemFileNumber] as? NSNumber).uint64Value)
                })
        }

        @Test func everyLayoutTrainsTheSame() throws {
            try withTemporaryFolder { folder in
                try Self.draw(20, to: folder + "/data")
                let arguments = Self.arguments(folder)
                let expected = try train(arguments, run: folder + "/plain")
                let files = try Self.pixelFiles(folder)
                #expect(files.count == 1)
                #expect(try train(threads: 2, arguments, run: folder + "/threads") == expected)
                #expect(try train(ranks: 2, arguments, run: folder + "/ranks2") == expected)
                #expect(try train(ranks: 3, arguments, run: folder + "/ranks3") == expected)
                #expect(try Self.pixelFiles(folder) == files, "the cache was written again")
                // Two ranks that find no cache: one of them writes it.
                let fresh = Self.arguments(folder, cache: "other")
                #expect(try train(ranks: 2, fresh, run: folder + "/fresh") == expected)
                let others = try FileManager.default.contentsOfDirectory(atPath: folder + "/other")
                #expect(others.count { $0.hasSuffix(".pixels") } == 1, "\(others)")
                // Stopped in the middle, going on with another layout, without a cache.
                _ = try train(ranks: 2, arguments + ["--max-steps", "4"], run: folder + "/stopped")
                let resumed = try train(
                    ["--resume", "auto", "--cache", "none"], run: folder + "/stopped")
                #expect(resumed == expected)
            }
        }

        @Test func theCacheFollowsTheFiles() throws {
            try withTemporaryFolder { folder in
                try Self.draw(8, to: folder + "/data", sizes: false)
                let arguments = ["--data", "images:\(folder)/data", "--epochs", "1", "--hidden", "4"]
                let cache = ["--cache", folder + "/cache"]
                let expected = try train(arguments + ["--cache", "none"], run: folder + "/none")
                #expect(try train(arguments + cache, run: folder + "/1") == expected)
                let first = try Self.pixelFiles(folder)
                // A file that is cut is written again.
                let path = try "\(folder)/cache/" + #require(first.keys.first)
                let whole = try Data(contentsOf: URL(filePath: path))
                try whole.dropLast(1).write(to: URL(filePath: path))
                #expect(try train(arguments + cache, run: folder + "/2") == expected)
                #expect(try Data(contentsOf: URL(filePath: path)) == whole)
                // Another picture is another state of the folder.
                try Self.picture(99, of: 0, height: 12, width: 12).write(to: URL(filePath: folder + "/data/red/0.ppm"))
                let changed = try train(arguments + cache, run: folder + "/3")
                #expect(changed != expected)
                #expect(try Self.pixelFiles(folder).count == 2)
                // A place where no folder can be: in memory, and told.
                try write("", to: folder + "/file")
                let result = try lockstep(
                    ranks: 2, ["train", "--run", folder + "/4", "--cache", folder + "/file/x"] + arguments)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardOutput.contains("decoded pictures are kept in memory alone"))
                #expect(result.standardOutput.contains("fingerprint \(changed)"))
            }
        }

        @Test func evaluatePredictAndInspectTreatPicturesAsTrainingDid() throws {
            try withTemporaryFolder { folder in
                try Self.draw(12, to: folder + "/data/train")
                try Self.draw(4, to: folder + "/data/test", first: 50)
                let arguments = Self.arguments(folder) + ["--epochs", "6", "--learning-rate", "0.01"]
                _ = try train(arguments, run: folder + "/run")
                let cache = folder + "/cache"
                let evaluated = try lockstep(ranks: 2, ["evaluate", folder + "/run"])
                #expect(evaluated.lines.first?.contains("12 samples of images:\(folder)/data - ") == true)
                #expect(evaluated.lines.first?.contains("accuracy: 1.0") == true, "\(evaluated)")
                let other = try lockstep(["evaluate", folder + "/run", "--data", "images:\(folder)/data/test"])
                #expect(
                    other.lines.first?.split(separator: " - ").dropFirst()
                        == evaluated.lines.first?.split(separator: " - ").dropFirst())
                #expect(evaluated.standardOutput.contains("green"))

                let table = folder + "/answers.csv"
                let predicted = try lockstep(["predict", folder + "/run", folder + "/data/test/", "--output", table])
                #expect(predicted.status == 0, "\(predicted.standardError)")
                let rows = try read(table).split(separator: "\n")
                #expect(rows.count == 13)
                #expect(rows[0] == "path,class,probability of blue,probability of green,probability of red")
                #expect(rows[1].hasPrefix("\(folder)/data/test/blue/50.ppm,blue,"))
                let single = try lockstep(["predict", folder + "/run", folder + "/data/test/red/51.ppm", "0"])
                #expect(single.lines.count == 2)
                #expect(single.lines[0].hasPrefix("\(folder)/data/test/red/51.ppm: red (probability "))
                // The same picture by its number and by its path.
                let first = try lockstep(["predict", folder + "/run", folder + "/data/test/blue/50.ppm"])
                #expect(first.lines.first?.split(separator: ": ").last == single.lines[1].split(separator: ": ").last)

                let looked = try lockstep(["inspect", "images:\(folder)/data", "--cache", cache])
                #expect(looked.standardOutput.contains("36 training samples, 12 test samples"))
                #expect(looked.standardOutput.contains("5 sizes from 10 x 13 to 14 x 17"), "\(looked.standardOutput)")
                let json = try lockstep(["inspect", "images:\(folder)/data", "--json", "--cache", cache])
                let value = try JSONSerialization.jsonObject(with: Data(json.standardOutput.utf8)) as? [String: Any]
                let parts = try #require(value?["pictures"] as? [[String: Any]])
                #expect(parts.map { $0["fileCount"] as? Int } == [36, 12])
                #expect(parts[0]["largest"] as? [Int] == [14, 17])
                // Parts are called what they are.
                let cut = try lockstep(["inspect", "images:\(folder)/data/train", "--cache", cache])
                #expect(
                    cut.standardOutput.contains("28 training samples, 8 validation samples"), "\(cut.standardOutput)")
                let three = try lockstep(
                    ["inspect", "images:\(folder)/data", "--cache", cache, "--validation-split", "0.25"])
                #expect(
                    three.standardOutput.contains("27 training samples, 9 validation samples, 12 test samples"),
                    "\(three.standardOutput)")
            }
        }

        @Test func damagedAndUnknownThingsAreTold() throws {
            try withTemporaryFolder { folder in
                try Self.draw(6, to: folder + "/data", sizes: false)
                let bad = folder + "/data/red/3.ppm"
                try write("P6\n12 12\n255\nshort", to: bad)
                let arguments = [
                    "--data", "images:\(folder)/data", "--cache", folder + "/cache", "--epochs", "1", "--hidden", "4",
                ]
                let refused = try lockstep(ranks: 2, ["train", "--run", folder + "/a"] + arguments)
                #expect(refused.status != 0)
                #expect(refused.standardError.contains("\(bad) is damaged: it ends early"))
                #expect(refused.standardError.contains("leave such pictures out with --skip-damaged"))
                let skipped = try lockstep(["train", "--run", folder + "/a", "--skip-damaged"] + arguments)
                #expect(skipped.status == 0, "\(skipped.standardError)")
                #expect(skipped.standardOutput.contains("1 damaged picture is left out: \(bad) is damaged"))
                let looked = try lockstep(["inspect", "images:\(folder)/data", "--cache", folder + "/cache"])
                #expect(looked.standardOutput.contains("damaged: \(bad)"), "\(looked.standardOutput)")
                let predicted = try lockstep(["predict", folder + "/a", folder + "/data/red"])
                #expect(predicted.status != 0 && predicted.standardError.contains("\(bad) is damaged"))
                let left = try lockstep(["predict", folder + "/a", folder + "/data/red", "--skip-damaged"])
                #expect(left.status == 0 && left.lines.count == 5)

                for (wrong, problem) in [
                    (["--normalize", "0.5,0.5/1,1"], "--normalize must be none, computed, or a mean"),
                    (
                        ["--channels", "1", "--normalize", "0.5,0.5,0.5/1,1,1"],
                        "--normalize has 3 means, but pictures have 1"
                    ),
                    (["--image-size", "0x4"], "--image-size must be HEIGHTxWIDTH"),
                    (["--target", "x"], "--target names a column"),
                    (["--test-data", "csv:x.csv"], "--test-data must be a folder of pictures too"),
                ] {
                    let result = try lockstep(
                        ["train", "--run", folder + "/b", "--skip-damaged"] + arguments + wrong)
                    #expect(
                        result.status != 0 && result.standardError.contains(problem),
                        "\(wrong): \(result.standardError)")
                }
                // Of another kind, and called so.
                try FileManager.default.createDirectory(
                    atPath: folder + "/other", withIntermediateDirectories: false)
                try write("GIF89a", to: folder + "/other/x.gif")
                let gif = try lockstep(["predict", folder + "/a", folder + "/other/x.gif"])
                #expect(
                    gif.standardError.contains("x.gif is a GIF picture, which can't be read; convert such pictures"))
                let folderOfThem = try lockstep(["predict", folder + "/a", folder + "/other"])
                #expect(
                    folderOfThem.standardError.contains("holds no pictures that can be read, only 1 .gif"),
                    "\(folderOfThem.standardError)")
                let foreign = try lockstep(["evaluate", folder + "/a", "--data", "images:\(folder)"])
                #expect(foreign.standardError.contains("which the training data lack"), "\(foreign.standardError)")
            }
        }

        @Test func cifarTrainsAndPredictsPicturesOfAnySize() throws {
            try withTemporaryFolder { folder in
                for (name, count) in (1...5).map({ ("data_batch_\($0)", 20) }) + [("test_batch", 20)] {
                    var bytes: [UInt8] = []
                    for number in 0..<count {
                        let label = UInt8(number % 10)
                        bytes += [label] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 % 7 + Int(label) * 25) }
                    }
                    try Data(bytes).write(to: URL(filePath: "\(folder)/\(name).bin"))
                }
                let arguments = [
                    "--data", "cifar10:\(folder)", "--epochs", "1", "--hidden", "8", "--normalize", "0.5/0.25",
                ]
                let expected = try train(arguments, run: folder + "/a")
                #expect(try train(ranks: 2, arguments, run: folder + "/b") == expected)
                for recipe in ["cifar10-cnn", "cifar10-resnet20", "cifar-fast"] {
                    let brief = ["--config", recipe, "--epochs", "1", "--warm-up-steps", "0"]
                    _ = try train(brief + ["--data", "cifar10:\(folder)"], run: "\(folder)/\(recipe)")
                }
                let evaluated = try lockstep(["evaluate", folder + "/a"])
                #expect(evaluated.lines.first?.hasPrefix("20 samples of cifar10:\(folder)") == true)
                try Self.picture(1, of: 2, height: 50, width: 40).write(to: URL(filePath: folder + "/x.ppm"))
                let predicted = try lockstep(["predict", folder + "/a", folder + "/x.ppm"])
                #expect(predicted.status == 0 && predicted.lines.first?.contains("x.ppm: ") == true, "\(predicted)")
            }
        }
    }
}
