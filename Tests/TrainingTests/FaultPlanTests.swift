// What LOCKSTEP_FAULT may say; the faults themselves are tested in processes of their own.

import Checkpoints
import Streams
import Testing
import Training

@Suite struct FaultPlanTests {
    @Test(
        arguments: [
            ("model-haf:kill", "unknown point"), ("model:die", "unknown action"),
            ("model@0:kill", "no positive number"),
            ("model@x:kill", "no positive number"), ("step/rank=-1:kill", "no rank"), ("step", "no single ':'"),
            ("model:flip-bit", "unknown action"), ("step:sleep", "unknown action"), ("step:exit=256", "unknown action"),
            ("step:kill,model:sleep=-1", "'model:sleep=-1': unknown action"),
        ])
    func mistakesAreNamedWithWhatThereIs(text: String, words: String) {
        let found = message { _ = try FaultPlan(text, rank: 0) }
        #expect(found?.contains(words) == true, "\(found ?? "accepted")")
        #expect(found?.contains("model-half, model, optimizer-half") == true)
        #expect(found?.contains("flip-bit") == true)
    }

    @Test func plansOfAllRanksAreRead() throws {
        for text in ["", "step@12/rank=3:flip-bit", "model-half:kill,step:stop,evaluate@2:sleep=0.5,prune:exit=3"] {
            _ = try FaultPlan(text, rank: 0)
        }
        #expect(throws: TrainingError.self) { _ = try FaultPlan("nowhere/rank=3:kill", rank: 0) }
    }
}
