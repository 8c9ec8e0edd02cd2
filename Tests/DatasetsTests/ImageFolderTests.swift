// Folders of pictures: which layouts there are, which files count, and how pictures become samples.

import Foundation
import Testing

import Datasets

/// A PPM or PGM file of one colour.
func netpbm(_ colour: [UInt8], height: Int, width: Int) -> [UInt8] {
    Array("P\(colour.count == 3 ? 6 : 5)\n\(width) \(height)\n255\n".utf8)
        + (0..<height * width).flatMap { _ in colour }
}

struct ImageFolderTests {
    private let directory = TemporaryDirectory()

    /// Writes files below the directory, with the folders on their way.
    private func write(_ paths: String..., bytes: [UInt8] = netpbm([7], height: 2, width: 3)) {
        for path in paths {
            let folder = "\(directory.path)/\(path)".split(separator: "/").dropLast().joined(separator: "/")
            try? FileManager.default.createDirectory(atPath: "/" + folder, withIntermediateDirectories: true)
            _ = directory.write(path, bytes)
        }
    }

    private func names(_ part: ImageFolder.Part?, _ below: String) -> [String] {
        (part?.files ?? []).map { String($0.path.dropFirst(below.count + 1)) }
    }

    @Test func classesAreFoldersInByteOrder() throws {
        write("b/2.png", "b/10.png", "B/x.ppm", "a/deep/er/1.JPG", "a/0.pgm", "é/1.bmp")
        let folder = try ImageFolder(directory.path)
        #expect(folder.classNames == ["B", "a", "b", "é"])
        #expect(folder.parts.map(\.name) == [.train])
        let expected = ["B/x.ppm", "a/0.pgm", "a/deep/er/1.JPG", "b/10.png", "b/2.png", "é/1.bmp"]
        #expect(names(folder[.train], directory.path) == expected)
        #expect(folder[.train]?.labels == [0, 1, 1, 2, 2, 3])
        #expect(folder.notes == [])
    }

    @Test(arguments: [("train", "test", "val"), ("Training", "TESTING", "valid"), ("train", "test", "validation")])
    func partsAreFoundByTheirNames(train: String, test: String, validation: String) throws {
        write("\(train)/b/1.png", "\(train)/a/1.png", "\(train)/c/1.png", "\(test)/b/9.png", "\(validation)/c/3.png")
        let folder = try ImageFolder(directory.path)
        #expect(folder.classNames == ["a", "b", "c"])
        #expect(folder.parts.map(\.name) == [.train, .validation, .test])
        // By name, not by place.
        #expect(folder[.test]?.labels == [1] && folder[.validation]?.labels == [2])
        #expect(names(folder.testPart, directory.path) == ["\(test)/b/9.png"])
        #expect(folder.notes.contains("\(directory.path)/\(test) lacks pictures of 'a', 'c'"))
    }

    @Test func hiddenAndOtherFilesArePassedOver() throws {
        write(
            "a/1.png", "b/1.png", "a/.DS_Store", "a/._1.png", "a/Thumbs.db", ".git/1.png", "__MACOSX/a/1.png",
            "notes.txt")
        #expect(try ImageFolder(directory.path).notes == [])
        write("a/readme.txt", "b/list.txt", "b/2.webp", "b/LICENSE")
        let folder = try ImageFolder(directory.path)
        #expect(folder[.train]?.files.count == 2)
        #expect(
            folder.notes == [
                "1 file is passed over, by its name pictures of a kind that can't be read: 1 .webp; convert such pictures to PNG "
                    + "or JPEG, as `mogrify -format png FILE...` of ImageMagick does",
                "3 files are passed over, by their names no pictures: 2 .txt, 1 without an ending",
            ])
    }

    @Test func linksAreFollowed() throws {
        write("real/1.png", "b/1.png")
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: directory.path + "/a", withDestinationPath: "real")
        try manager.createSymbolicLink(atPath: directory.path + "/b/up", withDestinationPath: ".")
        try manager.createSymbolicLink(atPath: directory.path + "/b/2.png", withDestinationPath: "../real/1.png")
        let folder = try ImageFolder(directory.path)
        #expect(folder.classNames == ["a", "b", "real"])
        let found = names(folder[.train], directory.path)
        // A link to the folder that it lies in leads nowhere new.
        #expect(found == ["a/1.png", "b/1.png", "b/2.png", "real/1.png"])
    }

    @Test func wrongLayoutsAreNamed() throws {
        expectDatasetError("cannot read the folder", "No such file") { try ImageFolder(directory.path + "/none") }
        expectDatasetError("holds no folders", "expected a folder for each class") { try ImageFolder(directory.path) }
        write("1.png", "2.png")
        expectDatasetError("holds 2 pictures, but no folders") { try ImageFolder(directory.path) }
        write("a/1.png")
        expectDatasetError("holds one folder, 'a'; expected one for each class") { try ImageFolder(directory.path) }
        write("b/1.webp", "b/2.webp")
        expectDatasetError(
            "b holds no pictures that can be read, only 2 .webp; expected files that end in bmp",
            ": convert such pictures to PNG or JPEG"
        ) {
            try ImageFolder(directory.path)
        }
        write("b/1.png", "train/a/1.png", "train/b/1.png")
        expectDatasetError("holds 'a', 'b' beside 'train'; expected parts alone") { try ImageFolder(directory.path) }
    }

    @Test func aClassThatTrainingLacksIsAnError() throws {
        write("train/a/1.png", "train/b/1.png", "test/a/1.png", "test/cat/1.png")
        expectDatasetError("test has the class 'cat', which the training data lack; they have 'a', 'b'") {
            try ImageFolder(directory.path)
        }
        let other = try ImageFolder(directory.path, classNames: ["cat", "dog", "b", "a"])
        #expect(other[.test]?.labels == [3, 0])
    }

    @Test func theListingChangesWithTheFiles() throws {
        write("a/1.png", "b/1.png")
        func listing() throws -> String {
            let folder = try ImageFolder(directory.path)
            return folder.listing(of: try #require(folder[.train])).description
        }
        let first = try listing()
        #expect(try listing() == first)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000)], ofItemAtPath: directory.path + "/a/1.png")
        let touched = try listing()
        write("b/2.png")
        #expect(Set([first, touched, try listing()]).count == 3)
    }

    @Test func aSurveyTellsSizesColoursAndFormats() throws {
        write("a/1.ppm", "a/2.ppm", bytes: netpbm([1, 2, 3], height: 4, width: 5))
        write("b/1.pgm", bytes: netpbm([9], height: 40, width: 50))
        write("b/2.png", bytes: Array("no picture".utf8))
        let files = try #require(try ImageFolder(directory.path)[.train]).files
        let survey = PictureSurvey(files, threads: 2)
        #expect(survey.sizeWords == "2 sizes from 4 x 5 to 40 x 50, mostly 4 x 5")
        #expect(survey.colours == ["colour": 2, "grey": 1] && survey.formats == ["Netpbm": 3])
        #expect(survey.damagedCount == 1 && survey.channels == 3)
        #expect(survey.size.height == 64 && survey.size.width == 64)
        let some = PictureSurvey(Array(files[..<2]), threads: 1)
        #expect(
            some.size.height == 4 && some.size.width == 5 && some.sizeWords == "4 x 5"
                && some.merged(with: survey).sizes[0].count == 4)
        #expect(PictureSurvey([files[2]], threads: 1).channels == 1)
    }

    /// The header says of every format what the whole file says.
    @Test func headersAgreeWithPictures() throws {
        let folder = Bundle.module.resourcePath! + "/Reference/pictures"
        let files = try PictureFiles(below: folder).files
        #expect(files.count > 40)
        for file in files {
            let (header, picture) = (try PictureHeader(path: file.path), try Picture(path: file.path))
            let found: [Int] = [header.height, header.width, header.channels]
            let expected: [Int] = [picture.height, picture.width, picture.channels]
            #expect(found == expected, "\(file.path)")
        }
    }
}
