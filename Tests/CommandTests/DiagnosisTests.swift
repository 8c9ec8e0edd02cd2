// What the doctor says of hosts that no test machine has: invented ones.

import LockstepCommand
import Testing

extension CommandTests {
    struct DiagnosisTests {
        /// A rank on each of `hosts`, with four cores and nothing wrong.
        private func ranks(on hosts: [String]) -> [HostFacts] {
            hosts.enumerated().map { rank, host in
                var facts = HostFacts()
                (facts.rank, facts.host, facts.cores, facts.physicalCores) = (rank, host, [0, 1, 2, 3], [0, 1, 2, 3])
                (facts.processor, facts.instructionSet) = ("EPYC", "x86-64-v4")
                facts.sharedMemoryBytes = 64 << 20
                return facts
            }
        }

        private func finding(
            _ check: String, _ facts: [HostFacts], threads: Int = 1, floats: Int = 50890, batchSize: Int = 256
        ) throws -> Finding {
            var intention = Intention()
            (intention.threads, intention.floats, intention.batchSize) = (threads, floats, batchSize)
            let findings = Diagnosis(facts: facts, intention: intention).findings()
            return try #require(findings.first { $0.check == check }, "\(findings)")
        }

        @Test func wellHostsAreWell() throws {
            let findings = Diagnosis(facts: ranks(on: ["a", "b"]), intention: Intention()).findings()
            #expect(findings.allSatisfy { $0.level == .ok }, "\(findings)")
        }

        /// Their kernels give the same bits.
        @Test func otherProcessorsAreShown() throws {
            var facts = ranks(on: ["a", "b", "c"])
            facts[2].instructionSet = "x86-64-v3"
            let found = try finding("processor", facts)
            #expect(found.level == .ok && found.text == "EPYC; kernels for x86-64-v3 / x86-64-v4", "\(found)")
        }

        @Test func clocksApart() throws {
            var facts = ranks(on: ["a", "b"])
            facts[1].clock = 90
            let found = try finding("clocks", facts)
            #expect(found.level == .warning && found.text.contains("90 s"), "\(found)")
        }

        @Test(arguments: [
            (4, 16, Finding.Level.ok, "64; a step of 1024 samples has 64 shards"),
            (5, 16, .warning, "of 80 workers, 16 compute nothing"),
        ])
        func workersBeyondTheShards(hosts: Int, threads: Int, level: Finding.Level, words: String) throws {
            let facts = ranks(on: (0..<hosts).map { "host \($0)" })
            let found = try finding("workers", facts, threads: threads, batchSize: 1024)
            #expect(found.level == level && found.text.contains(words), "\(found)")
            let few = try finding("workers", facts, threads: 1, batchSize: 32)
            #expect(few.level == .warning && few.text.contains("32 samples has 2 shards"), "\(few)")
            #expect(few.advice?.contains("from --batch-size \(hosts == 4 ? 64 : 128) on") == true, "\(few)")
            #expect(few.advice?.contains("--shards \(hosts == 4 ? 4 : 8)") == true, "\(few)")
        }

        @Test func limitedTime() throws {
            var facts = ranks(on: ["a"])
            facts[0].quota = 2
            let found = try finding("cpu limit", facts)
            #expect(found.level == .warning && found.text.contains("shows 4 cores"), "\(found)")
            #expect(found.advice?.contains("--threads 2") == true, "\(found)")
        }

        @Test func memoryOfPeersIsClosed() throws {
            var facts = ranks(on: ["a", "a"])
            facts[1].readsPeerMemory = false
            let found = try finding("CMA", facts)
            #expect(found.level == .warning && found.advice?.contains("SYS_PTRACE") == true, "\(found)")
        }

        @Test func boundToLessThanItsThreads() throws {
            var facts = ranks(on: ["a", "a"])
            (facts[0].cores, facts[1].cores) = ([0], [1])
            let found = try finding("binding", facts, threads: 2)
            #expect(found.level == .failure && found.text.contains("bound to 1 core of a, for 2 threads"), "\(found)")
        }

        /// 256 samples are 16 shards. A rank of one thread on eight of them keeps four gradients beside the parameters:
        /// ten buffers of 8 MiB for both.
        @Test func sharedMemoryHoldsTheGradients() throws {
            var facts = ranks(on: ["a", "a"])
            for index in facts.indices { facts[index].sharedMemoryBytes = 80 << 20 }
            #expect(try finding("/dev/shm", facts, floats: 2 << 20).level == .ok)
            for index in facts.indices { facts[index].sharedMemoryBytes -= 1 }
            let found = try finding("/dev/shm", facts, floats: 2 << 20)
            #expect(found.level == .warning && found.text.contains("need 80 MiB"), "\(found)")
        }
    }
}
