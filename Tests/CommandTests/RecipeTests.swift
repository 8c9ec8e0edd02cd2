// The recipes for real tables and pictures, cut short: that they fit their data, and begin to learn. docs/recipes.md has
// what they reach.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct RecipeTests {
        private static let data =
            ProcessInfo.processInfo.environment["LOCKSTEP_DATA"]
            ?? URL(filePath: #filePath).appending(path: "../../../../shared/data").standardized.path
        private static func isThere(_ path: String) -> Bool {
            FileManager.default.fileExists(atPath: "\(data)/\(path)")
        }

        /// Trains briefly.
        ///
        /// - Returns: a metric of the last epoch.
        private func metric(_ name: String, _ arguments: [String]) throws -> Double {
            try withTemporaryFolder { folder in
                _ = try train(threads: 2, arguments, run: folder + "/run")
                let row = try #require(metrics(folder + "/run").last)
                return try #require(row[name].flatMap(Double.init), "\(row)")
            }
        }

        @Test(.enabled(if: isThere("adult"), "Adult is absent: set LOCKSTEP_DATA to a folder that holds adult/"))
        func adult() throws {
            let parts =
                ["--data", "csv:\(Self.data)/adult/adult-train.csv.gz"]
                + ["--test-data", "csv:\(Self.data)/adult/adult-test.csv.gz"]
            #expect(try metric("val_accuracy", ["--config", "adult", "--epochs", "1"] + parts) > 0.83)
        }

        @Test(
            .enabled(
                if: isThere("california-housing"),
                "California Housing is absent: set LOCKSTEP_DATA to a folder that holds california-housing/"))
        func californiaHousing() throws {
            let data = ["--data", "csv:\(Self.data)/california-housing/housing.csv.gz"]
            let error = try metric(
                "val_root_mean_squared_error", ["--config", "california-housing", "--epochs", "2"] + data)
            #expect(error > 50_000 && error < 75_000)
        }

        @Test(
            .enabled(
                if: isThere("tables/penguins.csv"), "Penguins are absent: set LOCKSTEP_DATA to a folder with tables/"))
        func penguins() throws {
            let data = ["--data", "csv:\(Self.data)/tables/penguins.csv"]
            #expect(try metric("val_accuracy", ["--config", "penguins"] + data) > 0.95)
        }

        @Test(
            .enabled(
                if: isThere("tinyshakespeare.txt"),
                "Shakespeare is absent: set LOCKSTEP_DATA to a folder that holds tinyshakespeare.txt"))
        func shakespeare() throws {
            let cut = ["--epochs", "1", "--limit-train-batches", "60", "--warm-up-steps", "10"]
            let data = ["--data", "text:\(Self.data)/tinyshakespeare.txt"]
            // 65 characters that are equally likely have 6.02 bits, by how often each occurs 4.8.
            #expect(try metric("val_bits_per_character", ["--config", "shakespeare"] + cut + data) < 5)
        }

        @Test(
            .enabled(
                if: isThere("text/SMSSpamCollection"),
                "The SMS Spam Collection is absent: set LOCKSTEP_DATA to a folder with text/"))
        func smsSpam() throws {
            let data = ["--data", "lines:\(Self.data)/text/SMSSpamCollection"]
            #expect(try metric("val_accuracy", ["--config", "sms-spam", "--epochs", "2"] + data) > 0.95)
        }

        @Test(.enabled(if: isThere("text/names"), "The names are absent: set LOCKSTEP_DATA to a folder with text/"))
        func names() throws {
            let data = ["--data", "lines:\(Self.data)/text/names"]
            #expect(try metric("val_accuracy", ["--config", "names", "--epochs", "1"] + data) > 0.6)
        }

        private static let hasSeries = isThere("timeseries/airline-passengers.csv")

        /// Far below the seasonal naive forecast's 50.1.
        @Test(.enabled(if: hasSeries, "The series are absent: set LOCKSTEP_DATA to a folder with timeseries/"))
        func airlinePassengers() throws {
            let data = ["--data", "csv:\(Self.data)/timeseries/airline-passengers.csv"]
            #expect(try metric("val_root_mean_squared_error", ["--config", "airline-passengers"] + data) < 25)
        }

        @Test(.enabled(if: hasSeries, "The series are absent: set LOCKSTEP_DATA to a folder with timeseries/"))
        func temperatures() throws {
            let data = ["--data", "csv:\(Self.data)/timeseries/daily-min-temperatures.csv"]
            #expect(try metric("val_root_mean_squared_error", ["--config", "temperatures"] + data) < 2.4)
        }

        @Test(.enabled(if: hasSeries, "The series are absent: set LOCKSTEP_DATA to a folder with timeseries/"))
        func temperaturesConv() throws {
            let data = ["--data", "csv:\(Self.data)/timeseries/daily-min-temperatures.csv"]
            // Repeating the last value has 2.481.
            #expect(try metric("val_root_mean_squared_error", ["--config", "temperatures-conv"] + data) < 2.4)
        }

        @Test(.enabled(if: isThere("adult"), "Adult is absent: set LOCKSTEP_DATA to a folder that holds adult/"))
        func adultResNet() throws {
            let parts =
                ["--data", "csv:\(Self.data)/adult/adult-train.csv.gz"]
                + ["--test-data", "csv:\(Self.data)/adult/adult-test.csv.gz", "--epochs", "1"]
            #expect(try metric("val_accuracy", ["--config", "adult-resnet"] + parts) > 0.83)
        }

        @Test(
            .enabled(
                if: isThere("california-housing"),
                "California Housing is absent: set LOCKSTEP_DATA to a folder that holds california-housing/"))
        func californiaResNet() throws {
            let data = ["--data", "csv:\(Self.data)/california-housing/housing.csv.gz", "--epochs", "2"]
            #expect(try metric("val_root_mean_squared_error", ["--config", "california-resnet"] + data) < 75_000)
        }

        @Test(
            .enabled(
                if: isThere("text/SMSSpamCollection"),
                "The SMS Spam Collection is absent: set LOCKSTEP_DATA to a folder with text/"))
        func smsTransformer() throws {
            let cut = ["--epochs", "2", "--data", "lines:\(Self.data)/text/SMSSpamCollection"]
            #expect(try metric("val_accuracy", ["--config", "sms-transformer"] + cut) > 0.95)
        }

        /// Always the commonest has 51.8 %.
        @Test(.enabled(if: isThere("text/names"), "The names are absent: set LOCKSTEP_DATA to a folder with text/"))
        func namesLSTM() throws {
            let cut = ["--epochs", "1", "--data", "lines:\(Self.data)/text/names"]
            #expect(try metric("val_accuracy", ["--config", "names-lstm"] + cut) > 0.6)
        }

        @Test(
            .enabled(
                if: isThere("tinyshakespeare.txt"),
                "Shakespeare is absent: set LOCKSTEP_DATA to a folder that holds tinyshakespeare.txt"))
        func shakespeareLSTM() throws {
            let cut = ["--epochs", "1", "--limit-train-batches", "60", "--warm-up-steps", "10"]
            let data = ["--data", "text:\(Self.data)/tinyshakespeare.txt"]
            #expect(try metric("val_bits_per_character", ["--config", "shakespeare-lstm"] + cut + data) < 5)
        }

        /// The pixels' own variance is 0.06.
        @Test func autoencoder() throws {
            let cut = ["--epochs", "2", "--limit-train-batches", "100"]
            #expect(try metric("val_loss", ["--config", "autoencoder"] + cut) < 0.05)
        }

        private static let fashion = "/usr/share/datasets/fashion-mnist"

        @Test(
            .enabled(
                if: FileManager.default.fileExists(atPath: fashion),
                "Fashion-MNIST is absent: install the package dataset-fashion-mnist"))
        func fashionMNIST() throws {
            let cut = ["--epochs", "1", "--limit-train-batches", "60", "--data", "fashion-mnist:\(Self.fashion)"]
            #expect(try metric("accuracy", ["--config", "fashion-mnist"] + cut) > 0.5)
        }
    }
}
