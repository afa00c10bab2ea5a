import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.sql.Array;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.net.SocketFactory;
import org.postgresql.util.PSQLException;

/** The story told by JDBC, strings as the driver sends them: varchar. Arguments: the district. */
public class Story {
    /** The server of the tests listens on a socket in a folder only; the driver knows TCP only. */
    public static class InFolder extends SocketFactory {
        private static class Local extends Socket {
            private final SocketChannel channel;

            Local() throws IOException {
                channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            }

            @Override
            public void connect(SocketAddress ignored, int timeout) throws IOException {
                channel.connect(UnixDomainSocketAddress.of(System.getenv("PGHOST") + "/.s.PGSQL." + System.getenv().getOrDefault("PGPORT", "5432")));
            }

            @Override
            public void connect(SocketAddress ignored) throws IOException {
                connect(ignored, 0);
            }

            @Override
            public InputStream getInputStream() {
                return Channels.newInputStream(channel);
            }

            @Override
            public OutputStream getOutputStream() {
                return Channels.newOutputStream(channel);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }

            @Override
            public boolean isConnected() {
                return channel.isConnected();
            }

            @Override
            public boolean isClosed() {
                return !channel.isOpen();
            }

            @Override
            public void setTcpNoDelay(boolean on) { }

            @Override
            public void setKeepAlive(boolean on) { }

            @Override
            public void setSoTimeout(int timeout) { }

            @Override
            public int getSoTimeout() {
                return 0;
            }

            @Override
            public void setReceiveBufferSize(int size) { }

            @Override
            public void setSendBufferSize(int size) { }

            @Override
            public int getSendBufferSize() {
                return 8192;
            }
        }

        @Override
        public Socket createSocket() throws IOException {
            return new Local();
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            return new Local();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
            return new Local();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return new Local();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
            return new Local();
        }
    }

    private static Connection db;
    private static String district;
    private static final OffsetDateTime NOON = OffsetDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.DAYS).plusHours(12);

    /** The values of the first column, or of the first row. */
    private static List<Object> query(String sql, boolean row, Object... args) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement(sql)) {
            for (int i = 0; i < args.length; i++) {
                if (args[i] instanceof String) {
                    statement.setString(i + 1, (String) args[i]);
                } else {
                    statement.setObject(i + 1, args[i]);
                }
            }
            List<Object> values = new ArrayList<>();
            try (ResultSet result = statement.executeQuery()) {
                if (row) {
                    result.next();
                    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        values.add(result.getObject(i));
                    }
                } else {
                    while (result.next()) {
                        values.add(result.getObject(1));
                    }
                }
            }
            return values;
        }
    }

    private static Object one(String sql, Object... args) throws SQLException {
        return query(sql, true, args).get(0);
    }

    private static void tell(String format, String sql, Object... args) throws SQLException {
        System.out.printf(format + "%n", query(sql, true, args).toArray());
    }

    private static void refused(String sql, Object... args) throws SQLException {
        try {
            query(sql, true, args);
        } catch (PSQLException error) {
            if (error.getSQLState().equals("22P02") && error.getServerErrorMessage().getHint() == null) {
                throw error;
            }
            System.out.println("refused: " + error.getSQLState());
        }
    }

    public static void main(String[] args) throws Exception {
        district = args[0];
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("socketFactory", InFolder.class.getName());
        // our schema in the path, as docs/clients.md says, for the operators of our types
        properties.setProperty("currentSchema", "caseload,public");
        properties.setProperty("sslmode", "disable");
        properties.setProperty("gssEncMode", "disable");
        db = DriverManager.getConnection("jdbc:postgresql://localhost/" + System.getenv("PGDATABASE"), properties);

        one("SELECT api.save_district(?)", district);
        System.out.printf("saved: %s %s %s%n", one("SELECT api.save_site(?, ?, level => ?, time_zone => ?)", district, "S", "elementary", "America/New_York"),
            one("SELECT api.save_therapist(?, ?, ?, fte => ?, employed_from => ?, availability => ?)", district, "T", "SLP", new BigDecimal("1.0"),
                LocalDate.of(2026, 1, 5), "Mon 08:00-12:00"),
            one("SELECT api.save_client(?, ?, site_id => ?, grade => ?)", district, "C", "S", 2));
        tell("episode: %s", "SELECT api.open_episode(?, ?, ?)", district, "C", LocalDate.of(2025, 9, 1));
        tell("service: %s", "SELECT api.save_service(?, ?, ?, ?, ?, ?, starts_on => ?)", district, "V", "C", "SLP", "2x30/week", "T", NOON.minusDays(20).toLocalDate());
        OffsetDateTime[] at = {OffsetDateTime.of(2026, 3, 2, 14, 0, 0, 0, ZoneOffset.UTC), NOON.minusDays(10), NOON.minusDays(7), NOON.minusDays(4), NOON.minusDays(1)};
        String[] status = {"attended", "no_show", "no_show", "no_show", "attended"};
        StringBuilder recorded = new StringBuilder("recorded:");
        for (int i = 0; i < at.length; i++) {
            recorded.append(' ').append(one("SELECT api.record_appointment(?, ?, ?, ?, ?, ?, ?, ?)", district, "C", at[i], status[i], 30, "T", "V", "A" + i));
        }
        System.out.println(recorded);
        String flags = "SELECT rule_name, severity, action, state FROM api.flags WHERE district_id = ?";
        tell("flag: %s %s %s %s", flags, district);
        Object flag = one("SELECT flag_id FROM api.flags WHERE district_id = ?", district);
        tell("answered: %s", "SELECT api.dismiss_flag(?, ?, ?)", district, flag, "was in hospital");
        System.out.println("flags left: " + query(flags, false, district).size());
        tell("recorded: %s", "SELECT api.record_appointment(?, ?, ?, ?, appointment_id => ?)", district, "C", NOON.minusDays(2), "no_show", "A5");
        tell("flag: %s %s %s %s", flags, district);
        tell("answered: %s", "SELECT api.acknowledge_flag(?, ?, ?)", district, one("SELECT flag_id FROM api.flags WHERE district_id = ?", district), "calling the family");
        System.out.println("history: " + String.join(", ", query("SELECT step FROM api.flag_history(?, ?) ORDER BY at", false, district, flag).toArray(new String[0])));
        tell("recorded: %s", "SELECT api.record_appointment(?, ?, ?, appointment_id => ?)", district, "C", NOON.plusDays(3), "A6");
        tell("cancelled: %s", "SELECT api.cancel_appointment(?, ?, ?)", district, "C", "A6");
        List<Object> facts = query("SELECT attended, no_shows, strikes, has_upcoming FROM api.client_facts WHERE district_id = ?", true, district);
        facts.set(3, (Boolean) facts.get(3) ? "yes" : "no");
        System.out.printf("facts: %s attended, %s no-shows, %s strikes, upcoming %s%n", facts.toArray());
        tell("workload: %s has %s client, %s of %s minutes, utilization %s",
            "SELECT therapist_id, clients, weekly_minutes, capacity_minutes, utilization FROM api.workload WHERE district_id = ?", district);
        for (String dosage : new String[] {"2x30/week", "10x30/week"}) {
            tell("capacity: %s %s, %s of %s", "SELECT rule_name, verdict, would_be, limit_value FROM api.check_capacity(?, ?, ?) WHERE rule_name = 'weekly_minutes'", district, "T", dosage);
        }
        tell("equity: %s, %s therapist, gini %s", "SELECT discipline, therapists, gini FROM api.equity WHERE district_id = ?", district);
        System.out.println("employed from: " + (Date) one("SELECT employed_from FROM api.therapists WHERE district_id = ?", district));
        try (PreparedStatement statement = db.prepareStatement("SELECT status, starts_at FROM api.appointments WHERE district_id = ? AND appointment_id = 'A0'")) {
            statement.setString(1, district);
            try (ResultSet result = statement.executeQuery()) {
                result.next();
                System.out.println("appointment: " + result.getString(1) + " " + result.getObject(2, OffsetDateTime.class).withOffsetSameInstant(ZoneOffset.UTC));
            }
        }
        refused("SELECT api.record_appointment(?, ?, ?)", district, "nobody", NOON);
        refused("SELECT api.save_service(?, ?, ?, ?, ?)", district, "W", "C", "SLP", "lots");

        // our own types: a string goes into their columns; compared with one, it is cast
        query("INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery) VALUES (?, ?, ?, ?, ?, ?) RETURNING service_id", true,
            district, "X", "C", "SLP", "1x30/week", "push_in");
        tell("types: %s %s", "SELECT dosage, delivery FROM caseload.service WHERE district_id = ? AND service_id = 'X'", district);
        Array array = (Array) one("SELECT array_agg(dosage ORDER BY dosage) FROM caseload.service WHERE district_id = ?", district);
        StringBuilder dosages = new StringBuilder();
        for (Object dosage : (Object[]) array.getArray()) {
            dosages.append(dosages.length() > 0 ? "," : "").append(dosage);
        }
        System.out.println("array: " + dosages);
        tell("by name: %s", "SELECT service_id FROM caseload.service WHERE district_id = ? AND dosage OPERATOR(caseload.>) ?::caseload.dosage", district, "1x30/week");
        refused("INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage) VALUES (?, ?, ?, ?, ?) RETURNING service_id", district, "Y", "C", "SLP", "lots");
        tell("by path: %s", "SELECT service_id FROM service WHERE district_id = ? AND dosage > ?::dosage", district, "1x30/week");

        // comments of the facade arrive as remarks
        try (ResultSet columns = db.getMetaData().getColumns(null, "api", "workload", "utilization")) {
            if (!columns.next() || !columns.getString("REMARKS").contains("not to be summed")) {
                throw new IllegalStateException("no remark on a column");
            }
        }
        db.close();
    }
}
