// A job that is killed again and again ends like one that nobody disturbed: scripts/torture, where it can be run for
// longer.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct TortureTests {
        @Test func survivesTwentyFiveKills() throws {
            let script = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../scripts/torture").standardizedFileURL.path
            let result = try runProcess(
                script, ["25", "--binary", try builtProduct("lockstep")], timeoutSeconds: 900)
            #expect(!result.timedOut)
            #expect(result.status == 0, "\(result.standardOutput)\(result.standardError)")
            print(result.standardOutput)
        }
    }
}
