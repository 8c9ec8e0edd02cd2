// Learning rates against Keras's formulas.

import Foundation
import Optimizers
import Testing

@Suite struct ScheduleTests {
    static let names = ScheduleReference.schedules.keys.sorted()

    // Ours are computed in double precision from rates rounded to single precision: 6e-8 of the value, and again for
    // the result; powers up to 50 multiply the rounding of their base.
    @Test(arguments: names) func ratesAgreeWithKeras(name: String) throws {
        let reference: ScheduleReference = try loadReference("schedules")
        #expect(reference.rates.keys.sorted() == Self.names)
        let schedule = ScheduleReference.schedules[name]!
        for (step, expected) in zip(reference.steps, reference.rates[name]!) {
            let found = schedule.rate(at: step)
            #expect(abs(found - expected) <= 3e-6 * expected + 1e-12, "step \(step): \(found), expected \(expected)")
        }
    }

    @Test(arguments: names) func schedulesSurviveEncoding(name: String) throws {
        let schedule = ScheduleReference.schedules[name]!
        let data = try JSONEncoder().encode(schedule)
        #expect(try JSONDecoder().decode(LearningRateSchedule.self, from: data) == schedule)
        #expect(schedule.defect == nil)
    }

    @Test(arguments: names) func theLastChangeIsTheLast(name: String) {
        let schedule = ScheduleReference.schedules[name]!
        guard let last = schedule.lastChange else {
            #expect(
                schedule.rate(at: 0) == schedule.rate(at: 1) || schedule.rate(at: 10_000) != schedule.rate(at: 20_000))
            return
        }
        #expect(schedule.rate(at: last - 1) != schedule.rate(at: last))
        #expect((1...50).allSatisfy { schedule.rate(at: last + $0 * 20) == schedule.rate(at: last) })
    }

    @Test func defectsAreNamed() {
        #expect(
            LearningRateSchedule.cosine(rate: 0.1, decaySteps: 0).defect == "decaySteps must be positive, got 0")
        #expect(
            LearningRateSchedule.warmUp(steps: 5, then: .constant(.nan)).defect
                == "the learning rate must be 0 or more, got nan")
        #expect(LearningRateSchedule.joined([]).defect == "expected at least one schedule to join")
        #expect(
            LearningRateSchedule.joined([.init(steps: 3, 0.1), .init(steps: 0, 0.1)]).defect
                == "a segment's steps must be positive, got 0")
        #expect(
            LearningRateSchedule.step(rate: 1, factor: 0.5, interval: -1).defect == "interval must be positive, got -1")
    }
}
