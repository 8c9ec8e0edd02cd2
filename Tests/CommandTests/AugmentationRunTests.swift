// What `train` says of changes to pictures that don't suit the data.

import TestSupport
import Testing

extension CommandTests {
    struct AugmentationRunTests {
        @Test(
            arguments: [
                ["--random-crop", "2"], ["--random-flip", "both"], ["--random-brightness", "0.1"],
                ["--random-contrast", "0.1"], ["--random-saturation", "0.1"], ["--cutout", "2"],
                ["--random-zoom", "0.1"],
            ])
        func aTableIsNoPicture(flag: [String]) throws {
            try withTemporaryFolder { folder in
                let rows = (0..<40).map { "\($0),\($0 * $0)\n" }
                try write("n,square\n" + rows.joined(), to: folder + "/table.csv")
                let result = try lockstep(
                    ["train", "--data", folder + "/table.csv", "--target", "square", "--run", folder + "/run"] + flag)
                #expect(result.status == 1)
                #expect(
                    result.standardError.contains("\(flag[0]) changes pictures, but the samples of")
                        && result.standardError.contains("have the shape [1]: leave it out"), "\(result.standardError)")
            }
        }

        @Test func whatIsTooLargeForThePicturesIsTold() throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(["train", "--cutout", "29", "--run", folder + "/run"])
                #expect(result.status == 1)
                #expect(
                    result.standardError.contains(
                        "--cutout does not suit digits: cutout of pictures [28, 28, 1] must have a side of 1 to 28 pixels, "
                            + "got 29"), "\(result.standardError)")
            }
        }
    }
}
