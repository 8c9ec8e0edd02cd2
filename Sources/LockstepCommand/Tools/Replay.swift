// `lockstep replay`.

import ArgumentParser
import Collectives
import Foundation
import Lockstep

struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Execute steps of a run again, and confirm or refute its recorded fingerprints.",
        discussion: """
            Starts from the newest checkpoint at or before --from-step (step 0 is the seed),
            on as many ranks and threads as you like, and writes nothing into RUN.

            Exit status: 0 confirmed, 1 refuted, 2 nothing could be replayed.
            """)

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run"), completion: .directory)
    var path: String
    @Option(help: "The first step whose fingerprint counts.")
    var fromStep = 0
    @Option(help: "The last one (default: the last that is recorded).")
    var toStep: Int?
    @Option(help: "digits or mnist[:DIR]; the run's own unless given.")
    var data: String?
    @Option(help: "Threads of each rank (default: one per core, at most one per shard).")
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, got \(threads)") }
        guard fromStep >= 0, fromStep <= toStep ?? fromStep else {
            throw ValidationError("--from-step must be from 0 to --to-step, got \(fromStep)")
        }
    }

    func run() throws {
        var status: Int32 = 0
        withWorld { world in status = try replay(world) }
        if status != 0 { throw ExitCode(status) }
    }

    private func replay(_ world: World) throws -> Int32 {
        // Every rank reads the run by itself; all give up if one can't.
        var plan: ReplayPlan?
        var problem = ""
        do { plan = try makePlan() } catch { problem = "\(error)" }
        let problems = try gatherTexts(problem, world.communicator).filter { !$0.isEmpty }
        guard let plan, problems.isEmpty else {
            if world.rank == 0 { world.logger.error("\(problems[0])") }
            return Trouble.status
        }
        if world.rank == 0 { print(plan.headline) }
        let check = ReplayCheck(plan.recorded) { if world.rank == 0 { print($0) } }
        // Of several ranks, one that fails has to end the job.
        do { try plan.execute(check, threads: threads, world) } catch let error as TrainingError where world.size == 1 {
            world.logger.error("\(error)")
            return Trouble.status
        }
        return check.isRefuted ? Trouble.no.rawValue : 0
    }

    private func makePlan() throws -> ReplayPlan {
        try ReplayPlan(RecordedRun(path), data: data, from: fromStep, to: toStep)
    }
}

/// Compares the weights after each step with what was recorded.
private final class ReplayCheck: Callback {
    private let recorded: [Int: Fingerprint]
    private let write: (String) -> Void
    private(set) var isRefuted = false

    init(_ recorded: [Int: Fingerprint], _ write: @escaping (String) -> Void) {
        (self.recorded, self.write) = (recorded, write)
    }

    func stepEnd(_ context: TrainingContext) {
        guard !isRefuted, let expected = recorded[context.step] else { return }
        let found = context.fingerprint
        if found == expected { return write("step \(context.step): confirmed \(found)") }
        isRefuted = true
        context.stopTraining = true
        write("step \(context.step): REFUTED, recorded is \(expected), executed again it is \(found)")
    }
}
