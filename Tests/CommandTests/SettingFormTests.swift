// How settings are read: numbers that types can't hold, units, choices, lists.

import LockstepCommand
import Testing

@Suite struct SettingFormTests {
    private func problem<Value>(_ form: SettingForm<Value>, _ words: String...) -> String? {
        do throws(SettingProblem) {
            _ = try form.read(words)
            return nil
        } catch { return error.text }
    }

    @Test func numbersAreHeldOrRefused() throws {
        #expect(try SettingForm.float().read(["1e-45"]) == Float.leastNonzeroMagnitude)
        #expect(try SettingForm.float().read(["0x1p-3"]) == 0.125)
        #expect(try SettingForm.float().read(["0.0e-99"]) == 0)
        for word in ["1e-50", "-0.001e-99", "0x1p-200"] {
            #expect(problem(.float(), word) == "is too small for a 32-bit number, which would be 0: got \(word)")
        }
        #expect(problem(.float(), "1e50") == "is too large for a 32-bit number: got 1e50")
        #expect(problem(.double(), "1e-400")?.hasPrefix("is too small for a 64-bit number") == true)
        #expect(problem(.double(), "inf") == "must be finite, got inf")
        #expect(problem(.double(from: 0, below: 1), "1") == "must be at least 0 and below 1, got 1")
        #expect(problem(.double(above: 0), "0") == "must be above 0, got 0")
        #expect(problem(SettingForm<UInt64>.integer(), "-1")?.contains("'-1' is negative") == true)
        #expect(problem(SettingForm<Int>.integer(), "9223372036854775808")?.contains("to 9223372036854775807") == true)
        #expect(problem(SettingForm<Int>.integer(from: 1), "1.5") == "must be a whole number, got '1.5'")
    }

    @Test func timesHaveUnits() throws {
        let form = SettingForm<Double>.seconds(from: 5, orZeroFor: "none")
        for (word, seconds) in [("5", 5), ("90s", 90), ("1.5M", 90), ("2h", 7200), ("1d", 86400), ("0", 0)] {
            #expect(try form.read([word]) == Double(seconds), "\(word)")
        }
        #expect(problem(form, "4s") == "must be at least 5 seconds, or 0 for none, got 4s")
        #expect(problem(form, "5x") == "must be a number, got '5x'")
        #expect(problem(form, "-5m")?.contains("got -5m") == true)
        #expect(form.words(300) == ["300.0"])
    }

    @Test func listsAndChoices() throws {
        let metric = SettingForm<Int>.choice([("accuracy", 1), ("loss", 2)])
        let form = SettingForm<[Int]>.list(metric)
        #expect(try form.read(["Loss", "ACCURACY"]) == [2, 1])
        #expect(try form.read([]) == [])
        #expect(form.words([2, 1]) == ["loss", "accuracy"])
        #expect(problem(form, "loss", "acuracy") == "must be accuracy or loss, got 'acuracy'; did you mean 'accuracy'?")
        #expect(problem(metric, "loss", "loss") == "wants a single value, got 2")
        let automatic = SettingForm<Int?>.automatic(or: .integer(from: 1))
        #expect(try automatic.read(["Auto"]) == nil)
        #expect(try automatic.read(["7"]) == 7)
        #expect(automatic.words(nil) == ["auto"])
        #expect(problem(automatic, "0") == "must be 'auto' or at least 1, got 0")
    }
}
