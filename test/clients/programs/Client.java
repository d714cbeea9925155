import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/** pgjdbc as DBeaver, Metabase, Tableau and Spark use it, against the address given. */
public class Client {
    public static void main(String[] args) throws SQLException {
        for (String mode : new String[] {"extended", "simple", "extendedForPrepared", "extendedCacheEverything"}) {
            Properties p = new Properties();
            p.setProperty("user", "anna");
            p.setProperty("sslmode", "disable");
            p.setProperty("preferQueryMode", mode);
            try (Connection c = DriverManager.getConnection("jdbc:postgresql://" + args[0] + "/pingone", p)) {
                metadata(c.getMetaData());
                rows(c);
                changes(c);
            }
        }
        System.out.println("ok");
    }

    static void is(Object got, Object want) {
        if (!want.equals(got)) {
            throw new AssertionError(got + " instead of " + want);
        }
    }

    static Set<String> column(ResultSet r, String name) throws SQLException {
        Set<String> out = new TreeSet<>();
        while (r.next()) {
            out.add(r.getString(name));
        }
        return out;
    }

    static void metadata(DatabaseMetaData m) throws SQLException {
        is(m.getDatabaseMajorVersion(), 15);
        is(column(m.getSchemas(), "TABLE_SCHEM").contains("Administrators"), true);
        is(column(m.getTables(null, "Administrators", "%", new String[] {"TABLE"}), "TABLE_NAME").contains("Users"), true);
        try (ResultSet r = m.getColumns(null, "Administrators", "Groups", "%")) {
            int place = 0;
            while (r.next()) {
                is(r.getInt("ORDINAL_POSITION"), ++place);
                if (r.getString("COLUMN_NAME").equals("Id")) {
                    is(r.getString("TYPE_NAME"), "uuid");
                    is(r.getInt("NULLABLE"), DatabaseMetaData.columnNoNulls);
                }
                if (r.getString("COLUMN_NAME").equals("CreatedAt")) {
                    is(r.getInt("DATA_TYPE"), Types.TIMESTAMP);
                }
            }
            is(place > 8, true);
        }
        is(column(m.getPrimaryKeys(null, "Administrators", "Users"), "COLUMN_NAME"), Set.of("Id"));
        is(column(m.getImportedKeys(null, "Administrators", "Groups"), "PKTABLE_NAME"), Set.of("Environments", "Populations"));
        is(column(m.getExportedKeys(null, "Administrators", "Populations"), "FKTABLE_NAME").contains("Users"), true);
        is(column(m.getIndexInfo(null, "Administrators", "Users", true, false), "INDEX_NAME"), Set.of("pk_Users"));
        is(m.getSQLKeywords().contains("analyze"), true);
        is(column(m.getTypeInfo(), "TYPE_NAME").contains("int4"), true);
    }

    static void rows(Connection c) throws SQLException {
        String sql = "SELECT \"Id\", \"Username\", \"IsEnabled\", \"CreatedAt\", count(*) OVER () FROM \"Users\" WHERE \"IsEnabled\" = ? AND \"Username\" > ? ORDER BY 2 LIMIT ?";
        try (PreparedStatement s = c.prepareStatement(sql)) {
            String first = null;
            for (int run = 0; run < 8; run++) { // from the fifth on it is prepared by name, and binary
                s.setBoolean(1, true);
                s.setString(2, "a");
                s.setInt(3, 3);
                try (ResultSet r = s.executeQuery()) {
                    is(r.getMetaData().getColumnTypeName(1), "uuid");
                    is(r.next(), true);
                    String all = r.getObject(1) + " " + r.getString(2) + " " + r.getBoolean(3) + " " + r.getTimestamp(4) + " " + r.getLong(5);
                    first = first == null ? all : first;
                    is(all, first);
                }
            }
        }
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            s.setFetchSize(70);
            try (ResultSet r = s.executeQuery("SELECT \"Username\" FROM \"Users\"")) {
                int n = 0;
                while (r.next()) {
                    n++;
                }
                is(n, 300);
            }
        }
        c.commit();
        c.setAutoCommit(true);
        try (PreparedStatement s = c.prepareStatement("SELECT count(*) FROM \"Users\" WHERE \"Username\" = ANY (?)")) {
            s.setArray(1, c.createArrayOf("text", new String[] {"ada.admin", "rita.reader"}));
            try (ResultSet r = s.executeQuery()) {
                r.next();
                is(r.getInt(1), 2);
            }
        }
    }

    static void changes(Connection c) throws SQLException {
        try (PreparedStatement s = c.prepareStatement("INSERT INTO \"Populations\" (\"Name\") VALUES (?)")) {
            for (String name : new String[] {"JDBC a", "JDBC b"}) {
                s.setString(1, name);
                s.addBatch();
            }
            is(s.executeBatch().length, 2);
        }
        try (Statement s = c.createStatement()) {
            is(s.executeUpdate("DELETE FROM \"Populations\" WHERE \"Name\" LIKE 'JDBC _'"), 2);
        }
    }
}
