// Runs whose links last and best are folders, since a copy followed them, or can't be.

import Checkpoints
import Foundation
import TestSupport
import Testing
import Training

extension CommandTests {
    struct LinkTests {
        /// Ten checkpoints, of which two and the best stay.
        private static let settings =
            "--model mnist-mlp --limit-train-batches 3 --shards 2 --verbose 0 --threads 1 --keep-last 2"

        private func names(_ run: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints").sorted()
        }

        /// The library that lets `symlink` fail as on vfat, whose driver few kernels have at hand.
        private func withoutLinks(_ folder: String) throws -> String {
            try write(
                "#include <errno.h>\nint symlink(const char *a, const char *b) { errno = EPERM; return -1; }\n",
                to: folder + "/none.c")
            let built = try shell(
                "cc -shared -fPIC -o none.so none.c || clang -shared -fPIC -o none.so none.c", in: folder)
            try #require(built.status == 0, "\(built.standardError)")
            return folder + "/none.so"
        }

        @Test func aCopyThatFollowedTheLinksGoesOn() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    set -e
                    lockstep train \(LinkTests.settings) --epochs 3 --run run
                    cp -rL run copy
                    lockstep verify copy
                    lockstep train --run copy --resume auto --epochs 6
                    lockstep verify copy; lockstep evaluate copy
                    """, in: folder)
                #expect(result.status == 0, "\(result.standardOutput) \(result.standardError)")
                #expect(result.standardError == "", "\(result.standardError)")
                #expect(result.lines.contains { $0.hasPrefix("ok       last, a copy of epoch=3-step=9") })
                let best = try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/copy/checkpoints/best")
                #expect(
                    try names(folder + "/copy")
                        == Set(["best", best, "epoch=5-step=15", "epoch=6-step=18", "last"]).sorted())
                #expect(result.lines.contains("ok       last -> epoch=6-step=18"), "\(result.lines)")
            }
        }

        @Test func staleCopiesDoNotCount() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let trained = try shell("lockstep train \(LinkTests.settings) --epochs 2 --run run", in: folder)
                #expect(trained.status == 0)
                let checkpoints = run + "/checkpoints/"
                let newest = try Checkpoint.open(run).weightsFingerprint()
                // last is the older of the two.
                try FileManager.default.removeItem(atPath: checkpoints + "last")
                try FileManager.default.copyItem(atPath: checkpoints + "epoch=1-step=3", toPath: checkpoints + "last")
                for path in [
                    run, checkpoints + "last", checkpoints + "last/", checkpoints, checkpoints + "last/state.json",
                ] {
                    #expect(try Checkpoint.open(path).weightsFingerprint() == newest, "\(path)")
                }
                // Only the copy is left of the newest one.
                try FileManager.default.removeItem(atPath: checkpoints + "best")
                try FileManager.default.removeItem(atPath: checkpoints + "last")
                try FileManager.default.moveItem(atPath: checkpoints + "epoch=2-step=6", toPath: checkpoints + "last")
                #expect(try Checkpoint.open(run).weightsFingerprint() == newest)
                let result = try shell(
                    "lockstep verify run && lockstep train --run run --resume auto --epochs 3 --keep-last 9", in: folder
                )
                #expect(result.status == 0 && result.standardError == "", "\(result.standardError)")
                let best = Set(["best"])
                #expect(
                    try Set(names(run)).subtracting(best)
                        == ["epoch=1-step=3", "epoch=2-step=6", "epoch=3-step=9", "last"])
            }
        }

        @Test func aFileSystemWithoutLinksIsToldOnce() throws {
            try withTemporaryFolder { folder in
                let library = try withoutLinks(folder)
                let result = try shell(
                    """
                    set -e
                    lockstep train \(LinkTests.settings) --epochs 2 --run run
                    cp -rL run copy
                    export LD_PRELOAD='\(library)'
                    lockstep train \(LinkTests.settings) --epochs 6 --run new
                    lockstep train --run copy --resume auto --epochs 6
                    unset LD_PRELOAD
                    for path in new new/checkpoints/last copy copy/checkpoints/best; do lockstep evaluate $path; done
                    lockstep verify new; lockstep verify copy
                    lockstep train --run new --resume auto --epochs 7
                    """, in: folder)
                #expect(result.status == 0, "\(result.standardOutput) \(result.standardError)")
                let notices = result.standardError.split(whereSeparator: \.isNewline)
                #expect(notices.count == 2, "\(result.standardError)")
                for notice in notices { #expect(notice.contains("without symbolic links"), "\(notice)") }
                let copied = try names(folder + "/copy")
                #expect(copied.contains("epoch=6-step=18") && copied.count <= 3, "\(copied)")
                let fresh = try names(folder + "/new")
                #expect(fresh.contains("last") && fresh.contains("best") && fresh.count <= 5, "\(fresh)")
            }
        }
    }
}
