// Pictures as users have them, given to `lockstep predict`: dark ink, transparent sheets, empty sheets, widened samples.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct PicturePredictionTests {
        /// Ink on a sheet: 0 ... 255, a fat stroke.
        private static let ink: [UInt8] = (0..<784).map { index in
            let (row, column) = index.quotientAndRemainder(dividingBy: 28)
            return (4..<24).contains(row) && (12..<17).contains(column) ? UInt8(row * 10) : 0
        }

        private static func bytes(_ number: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }

        /// A BMP file of 28 x 28 pixels of one grey, each as opaque as its ink.
        private static func transparentBMP(grey: UInt8) -> Data {
            let info =
                bytes(108, 4) + bytes(28, 4) + bytes(-28, 4) + bytes(1, 2) + bytes(32, 2) + bytes(3, 4)
                + bytes(3136, 4) + bytes(0, 16) + bytes(0xff_0000, 4) + bytes(0xff00, 4) + bytes(0xff, 4)
                + bytes(0xff00_0000, 4) + bytes(0, 52)
            let head = Array("BM".utf8) + bytes(14 + 108 + 3136, 4) + bytes(0, 4) + bytes(14 + 108, 4)
            return Data(head + info + ink.flatMap { [grey, grey, grey, $0] })
        }

        @Test func allWaysToDrawAPictureAreOnePicture() throws {
            try withTemporaryFolder { folder in
                _ = try train(
                    ["--model", "mnist-mlp", "--limit-train-batches", "20", "--epochs", "1"], run: folder + "/run")
                func path(_ name: String, _ bytes: Data) throws -> String {
                    try bytes.write(to: URL(filePath: "\(folder)/\(name)"))
                    return "\(folder)/\(name)"
                }
                func pgm(_ pixels: [UInt8]) -> Data { Data("P5 28 28 255\n".utf8) + Data(pixels) }
                func predict(_ arguments: [String]) throws -> (answer: String?, result: ProcessResult) {
                    let result = try lockstep(["predict", folder + "/run"] + arguments)
                    let answer = result.lines.first?.split(separator: ": ", maxSplits: 1).last
                    return (result.status == 0 ? answer.map(String.init) : nil, result)
                }
                let light = try path("light.pgm", pgm(Self.ink))
                let dark = try path("dark.pgm", pgm(Self.ink.map { 255 - $0 }))
                let lightOnNothing = try path("light.bmp", Self.transparentBMP(grey: 255))
                let darkOnNothing = try path("dark.bmp", Self.transparentBMP(grey: 0))
                let wide = try path(
                    "wide.pgm", Data("P5 28 28 65535\n".utf8) + Data(Self.ink.flatMap { [0, $0] }))

                let expected = try #require(try predict([light]).answer)
                #expect(try predict([light]).result.standardError == "")
                for arguments in [[lightOnNothing], ["--invert", dark], ["--invert", darkOnNothing]] {
                    let found = try predict(arguments)
                    #expect(found.answer == expected, "\(arguments): \(found.result)")
                    #expect(found.result.standardError == "", "\(arguments)")
                }
                let widened = try predict([wide])
                #expect(widened.answer == expected)
                #expect(widened.result.standardError.contains("16 bits a sample, but none above 255"))

                let unturned = try predict([dark])
                #expect(unturned.answer != nil && unturned.answer != expected)
                #expect(unturned.result.standardError.contains("dark.pgm has a light border"))
                #expect(unturned.result.standardError.contains("--invert turns it round"))

                let pale = try path("pale.pgm", pgm(Self.ink.map { $0 / 16 }))
                for (file, words) in [
                    (pale, "pale.pgm is an empty sheet: its pixels are from 0 to 14 of 255"),
                    (
                        darkOnNothing,
                        "dark.bmp is an empty sheet: its pixels are from 0 to 0 of 255 over black; if it is"
                    ),
                ] {
                    let refused = try predict([file]).result
                    #expect(refused.status == 1 && refused.standardOutput == "", "\(refused)")
                    #expect(refused.standardError.contains(words), "\(refused.standardError)")
                }
            }
        }
    }
}
