// What `shards: nil` means for a model: a function of the network and the batch size.

import Layers
import Tensors
import Testing
import Training

@Suite struct AutomaticShardsTests {
    private func shards(_ network: any Layer, _ input: Shape, _ batchSize: Int) throws -> Int {
        AutomaticShards(network, input: input, output: try network.build(input))(batchSize: batchSize)
    }

    private func dense(_ units: Int...) -> Sequential { Sequential(units.map { Dense($0) }) }

    @Test(arguments: [(32, 2), (256, 16), (10000, 64), (31, 1)])
    func sixteenSamplesOfAnImage(batchSize: Int, expected: Int) throws {
        let network = Sequential([Conv2D(2, kernelSize: 3), Flatten(), Dense(2)])
        #expect(try shards(network, [8, 8, 1], batchSize) == expected)
    }

    /// 4 shards are left to workers that there may be; more must have something to do.
    @Test(arguments: [(32, 2), (64, 4), (256, 4), (1024, 8), (1 << 20, 64)])
    func smallTablesHaveFewShards(batchSize: Int, expected: Int) throws {
        #expect(try shards(dense(64, 32, 1), [108], batchSize) == expected)
    }

    @Test func tablesWithCategoriesAreTables() throws {
        let columns = ColumnEmbedding(numeric: 6, categories: [9, 16], dimensions: [5, 8])
        #expect(try shards(Sequential([columns, Dense(64), Dense(1)]), [8], 256) == 4)
    }

    @Test func largeNetworksOfTablesHaveAsManyAsOthers() throws {
        #expect(try shards(dense(1024, 1024, 1), [108], 256) == 16)
    }

    @Test(arguments: [(12, 64, 2), (32, 64, 8), (8, 1000, 8), (32, 8, 2), (12, 4, 1)])
    func languageModelsCountPositions(batchSize: Int, positions: Int, expected: Int) throws {
        let network = Sequential([Embedding(5, 8), TransformerBlock(heads: 2, width: 8, causal: true), Dense(5)])
        #expect(try shards(network, [positions], batchSize) == expected)
    }

    @Test func recurrentLayersAndStatisticsCountSamples() throws {
        #expect(try shards(Sequential([LSTM(4, returnSequences: true), Dense(5)]), [64, 3], 32) == 2)
        #expect(try shards(Sequential([BatchNormalization(), Dense(5)]), [64, 3], 32) == 2)
        #expect(try shards(Sequential([LayerNormalization(), Dense(5)]), [64, 3], 32) == 8)
    }

    @Test func oneAnswerASampleCountsSamples() throws {
        let network = Sequential([Embedding(5, 8), GlobalAveragePooling1D(), Dense(5)])
        #expect(try shards(network, [64], 32) == 2)
    }
}
