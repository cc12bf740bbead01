package io.goruntime.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import io.goruntime.context.CancelledException;
import io.goruntime.context.Context;
import io.goruntime.sync.ErrGroup;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A connection pool and an embedded database that goroutines share. The pool's own threads are goroutines as well. */
class HikariTest {
    private static final int CONNECTIONS = 10;
    private static final int GOROUTINES = 200;
    private static final int TRANSFERS = 10;
    private static final int ACCOUNTS = 20;
    private static final int BALANCE = 1000;

    @Test
    void transfersOfManyGoroutinesKeepTheSum() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        GoRuntime.builder().maxProcs(2).run(() -> {
            try (HikariDataSource source = bank("transfers")) {
                ErrGroup group = new ErrGroup();
                for (int i = 0; i < GOROUTINES; i++) {
                    Random random = new Random(seed + i);
                    group.go(() -> {
                        for (int n = 0; n < TRANSFERS; n++) {
                            transfer(source, random);
                        }
                    });
                }
                group.await();
                assertEquals(ACCOUNTS * BALANCE, query(source, "SELECT SUM(balance) FROM account"));
                assertEquals(GOROUTINES * TRANSFERS, query(source, "SELECT COUNT(*) FROM transfer"));
                assertAllIdle(source);
            }
        });
    }

    @Test
    void aContextEndsTheWaitForAConnection() throws Exception {
        GoRuntime.builder().maxProcs(2).run(() -> {
            try (HikariDataSource source = bank("waiters")) {
                List<Connection> taken = new ArrayList<>();
                for (int i = 0; i < CONNECTIONS; i++) {
                    taken.add(source.getConnection());
                }
                Chan<Throwable> ended = Chan.make();
                try (var ctx = Context.withCancel(Context.background())) {
                    GoRuntime.go(() -> {
                        ended.send(assertThrows(SQLException.class, () -> ctx.call(source::getConnection)).getCause());
                        ended.send(new AssertionError(Thread.currentThread().isInterrupted() ? "flag" : "no flag"));
                    });
                    while (source.getHikariPoolMXBean().getThreadsAwaitingConnection() == 0) {
                        Thread.sleep(1);
                    }
                    ctx.cancel();
                    assertInstanceOf(InterruptedException.class, ended.receive());
                    assertEquals("no flag", ended.receive().getMessage());
                    assertInstanceOf(CancelledException.class, ctx.err());
                }
                for (Connection connection : taken) {
                    connection.close();
                }
                assertEquals(ACCOUNTS * BALANCE, query(source, "SELECT SUM(balance) FROM account"));
                assertAllIdle(source);
            }
        });
    }

    private static HikariDataSource bank(String name) throws SQLException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:h2:mem:" + name + ";LOCK_TIMEOUT=60000");
        config.setMaximumPoolSize(CONNECTIONS);
        config.setConnectionTimeout(Duration.ofMinutes(1).toMillis());
        config.setThreadFactory(GoRuntime.current().threadFactory("hikari-"));
        HikariDataSource source = new HikariDataSource(config);
        try (Connection connection = source.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE account (id INT PRIMARY KEY, balance INT NOT NULL)");
            statement.execute(
                    "INSERT INTO account SELECT x - 1, " + BALANCE + " FROM SYSTEM_RANGE(1, " + ACCOUNTS + ")");
            statement.execute("CREATE TABLE transfer (amount INT NOT NULL)");
        }
        return source;
    }

    /** Reads both accounts, then writes both: without the locks of the database, money would be lost. */
    private static void transfer(HikariDataSource source, Random random) throws SQLException {
        int from = random.nextInt(ACCOUNTS);
        int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
        int amount = random.nextInt(100);
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            // In the order of their numbers, or two transactions may wait for each other.
            int low = balance(connection, Math.min(from, to));
            int high = balance(connection, Math.max(from, to));
            GoRuntime.gosched();
            execute(connection, "UPDATE account SET balance = ? WHERE id = ?", (from < to ? low : high) - amount, from);
            execute(connection, "UPDATE account SET balance = ? WHERE id = ?", (from < to ? high : low) + amount, to);
            execute(connection, "INSERT INTO transfer VALUES (?)", amount);
            connection.commit();
        }
    }

    private static int balance(Connection connection, int id) throws SQLException {
        try (PreparedStatement statement = connection
                .prepareStatement("SELECT balance FROM account WHERE id = ? FOR UPDATE")) {
            statement.setInt(1, id);
            try (ResultSet result = statement.executeQuery()) {
                assertTrue(result.next());
                return result.getInt(1);
            }
        }
    }

    private static void execute(Connection connection, String sql, int... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setInt(i + 1, parameters[i]);
            }
            assertEquals(1, statement.executeUpdate());
        }
    }

    private static int query(HikariDataSource source, String sql) throws SQLException {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            assertTrue(result.next());
            int value = result.getInt(1);
            assertFalse(result.next());
            return value;
        }
    }

    /** No connection was lost, none is in use, nobody waits. */
    private static void assertAllIdle(HikariDataSource source) throws InterruptedException {
        HikariPoolMXBean pool = source.getHikariPoolMXBean();
        // Connections are made beside those who use them, and there may have been enough with fewer.
        while (pool.getTotalConnections() < CONNECTIONS) {
            Thread.sleep(1);
        }
        assertEquals(0, pool.getThreadsAwaitingConnection());
        assertEquals(0, pool.getActiveConnections());
        assertEquals(CONNECTIONS, pool.getTotalConnections());
    }
}
