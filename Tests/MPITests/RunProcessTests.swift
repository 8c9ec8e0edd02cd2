// The process runner that other test targets build on.

import TestSupport
import Testing

struct RunProcessTests {
    @Test func reportsStatusAndOutput() throws {
        let result = try runProcess(
            "/bin/sh", ["-c", "echo $WORD; echo bad >&2; exit 3"], environment: ["WORD": "good"], timeoutSeconds: 10)
        #expect(result.status == 3)
        #expect(!result.timedOut)
        #expect(result.standardOutput == "good\n")
        #expect(result.standardError == "bad\n")
    }

    @Test func endsAChildThatTakesTooLong() throws {
        let start = ContinuousClock.now
        let result = try runProcess("/bin/sleep", ["30"], timeoutSeconds: 0.2)
        #expect(result.timedOut)
        #expect(result.status == 128 + 15)
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func killsAChildThatIgnoresTermination() throws {
        let result = try runProcess(
            "/bin/sh", ["-c", "trap '' TERM; while :; do sleep 0.1; done"], timeoutSeconds: 0.2)
        #expect(result.timedOut)
        #expect(result.status == 128 + 9)
    }
}
