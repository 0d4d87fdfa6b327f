//! Reads the schema of a migrated database out of its catalog, in the same words for both engines.
//!
//! Each fact is one line: a column, a key, an index, a constraint, a trigger. The tables of SQLite
//! and of diesel are left out.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Nullable, Text};
use qlive_store::{Conn, Db, StoreError};

/// The type of a column in SQLite, and in PostgreSQL. `INTEGER PRIMARY KEY` stands for the only
/// key column of a table, which SQLite stores in 64 bits.
const TYPES: [(&str, &str); 5] = [
    ("INTEGER", "integer"),
    ("INTEGER PRIMARY KEY", "bigint"),
    ("BIGINT", "bigint"),
    ("TEXT", "text"),
    ("BOOLEAN", "boolean"),
];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    declared_type: String,
    #[diesel(sql_type = Bool)]
    not_null: bool,
    #[diesel(sql_type = Nullable<Text>)]
    default_value: Option<String>,
    /// Whether the engine numbers the rows and never uses a number twice.
    #[diesel(sql_type = Bool)]
    is_identity: bool,
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_unique: bool,
    #[diesel(sql_type = Text)]
    columns: String,
    /// The condition of a partial index.
    #[diesel(sql_type = Nullable<Text>)]
    condition: Option<String>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The facts about the schema of a database.
pub(crate) async fn read_schema(db: &Db) -> BTreeSet<String> {
    db.read(|conn| {
        let (columns, indexes, lines) = match conn {
            Conn::Sqlite(_) => (SQLITE_COLUMNS, SQLITE_INDEXES, &SQLITE_LINES[..]),
            Conn::Pg(_) => (POSTGRES_COLUMNS, POSTGRES_INDEXES, &POSTGRES_LINES[..]),
        };
        let columns: Vec<Column> = sql_query(columns).load(conn)?;
        let indexes: Vec<Index> = sql_query(indexes).load(conn)?;
        let mut facts: BTreeSet<String> = columns.into_iter().map(column_fact).collect();
        facts.extend(indexes.into_iter().map(index_fact));
        for query in lines {
            let lines: Vec<Line> = sql_query(*query).load(conn)?;
            facts.extend(lines.into_iter().map(|row| row.line));
        }
        if matches!(conn, Conn::Sqlite(_)) {
            let tables: Vec<Line> = sql_query(SQLITE_TABLES).load(conn)?;
            facts.extend(tables.iter().flat_map(|row| named_constraints(&row.line)));
        }
        Ok::<_, StoreError>(facts)
    })
    .await
    .unwrap()
}

fn column_fact(column: Column) -> String {
    let declared = column.declared_type;
    let known = TYPES
        .iter()
        .find(|(sqlite, postgres)| declared == *sqlite || declared == *postgres)
        .unwrap_or_else(|| panic!("type {declared} of {} is not in TYPES", column.name));
    let null = if column.not_null { "not null" } else { "null" };
    let identity = if column.is_identity { " identity" } else { "" };
    let default = column
        .default_value
        .map_or(String::new(), |value| format!(" default {value}"));
    format!(
        "column {}.{}: {} {null}{identity}{default}",
        column.table_name, column.name, known.1
    )
}

fn index_fact(index: Index) -> String {
    let unique = if index.is_unique { "unique " } else { "" };
    let condition = index.condition.map_or(String::new(), |text| {
        format!(" where {}", normalized(&text))
    });
    format!(
        "{unique}index {} on {} ({}){condition}",
        index.name, index.table_name, index.columns
    )
}

/// An index condition without parentheses, and with `IN` for the array that PostgreSQL makes of it.
fn normalized(condition: &str) -> String {
    condition
        .replace("= ANY (ARRAY[", "IN ")
        .replace(['(', ')', ']'], "")
}

/// The names of the constraints in a `CREATE TABLE` of SQLite, which has them nowhere else.
fn named_constraints(create_table: &str) -> Vec<String> {
    let without_comments: Vec<&str> = create_table
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect();
    let text = without_comments.join(" ");
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let table = words.get(2).unwrap();
    let kind = |keyword: &str| match keyword {
        "CHECK" => "check",
        "UNIQUE" => "unique",
        "REFERENCES" | "FOREIGN" => "foreign key",
        other => panic!("unknown kind of constraint {other}"),
    };
    words
        .windows(3)
        .filter_map(|words| match words {
            ["CONSTRAINT", name, keyword] => {
                Some(format!("constraint {name} on {table}: {}", kind(keyword)))
            }
            _ => None,
        })
        .collect()
}

const SQLITE_TABLES: &str = "SELECT sql AS line FROM sqlite_master \
    WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '__diesel_%'";

const SQLITE_COLUMNS: &str = "
    SELECT table_name, name, default_value, is_key AND sql LIKE '%AUTOINCREMENT%' AS is_identity,
        is_key OR has_not_null AS not_null,
        CASE WHEN is_key THEN 'INTEGER PRIMARY KEY' ELSE type END AS declared_type
    FROM (
        SELECT t.name AS table_name, c.name, c.type, c.dflt_value AS default_value, t.sql,
            c.\"notnull\" AS has_not_null,
            c.type = 'INTEGER' AND c.pk > 0 AND
                (SELECT SUM(k.pk > 0) FROM pragma_table_info(t.name) k) = 1 AS is_key
        FROM sqlite_master t, pragma_table_info(t.name) c
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '__diesel_%'
    ) q";

const SQLITE_INDEXES: &str = "
    SELECT t.name AS table_name, i.name, i.\"unique\" AS is_unique,
        (SELECT group_concat(name, ', ' ORDER BY seqno) FROM pragma_index_info(i.name)) AS columns,
        CASE WHEN i.partial
            THEN (SELECT substr(x.sql, instr(x.sql, ' WHERE ') + 7) FROM sqlite_master x
                WHERE x.name = i.name)
        END AS condition
    FROM sqlite_master t, pragma_index_list(t.name) i
    WHERE t.type = 'table' AND i.origin = 'c'";

/// Keys, triggers and views.
const SQLITE_LINES: [&str; 5] = [
    "SELECT 'primary key of ' || t.name || ': ' || group_concat(c.name, ', ' ORDER BY c.pk) AS line
        FROM sqlite_master t, pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c.pk > 0 AND t.name NOT LIKE '__diesel_%' GROUP BY t.name",
    "SELECT 'unique ' || t.name || ' (' ||
            (SELECT group_concat(name, ', ' ORDER BY seqno) FROM pragma_index_info(i.name)) || ')'
            AS line
        FROM sqlite_master t, pragma_index_list(t.name) i
        WHERE t.type = 'table' AND i.origin = 'u'",
    "SELECT 'foreign key ' || t.name || ' (' || group_concat(f.\"from\", ', ' ORDER BY f.seq)
            || ') references ' || f.\"table\" || ' (' || group_concat(f.\"to\", ', ' ORDER BY f.seq)
            || ') on update ' || lower(f.on_update) || ' on delete ' || lower(f.on_delete) AS line
        FROM sqlite_master t, pragma_foreign_key_list(t.name) f
        WHERE t.type = 'table' GROUP BY t.name, f.id",
    "SELECT 'trigger ' || name || ' on ' || tbl_name AS line FROM sqlite_master
        WHERE type = 'trigger'",
    "SELECT 'view ' || name AS line FROM sqlite_master WHERE type = 'view'",
];

const POSTGRES_COLUMNS: &str = "
    SELECT CAST(table_name AS TEXT) AS table_name, CAST(column_name AS TEXT) AS name,
        CAST(data_type AS TEXT) AS declared_type, is_nullable = 'NO' AS not_null,
        REPLACE(CAST(column_default AS TEXT), '::text', '') AS default_value,
        is_identity = 'YES' AS is_identity
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel\\_%'";

const POSTGRES_INDEXES: &str = "
    SELECT CAST(t.relname AS TEXT) AS table_name, CAST(c.relname AS TEXT) AS name,
        i.indisunique AS is_unique,
        (SELECT string_agg(pg_get_indexdef(i.indexrelid, CAST(at AS INTEGER), TRUE), ', '
            ORDER BY at) FROM generate_series(1, i.indnatts) at) AS columns,
        pg_get_expr(i.indpred, i.indrelid) AS condition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = CAST('public' AS REGNAMESPACE)
        AND NOT EXISTS (SELECT 1 FROM pg_constraint k
            WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))";

/// Constraints by name, keys, triggers, views and functions.
const POSTGRES_LINES: [&str; 7] = [
    "SELECT 'constraint ' || conname || ' on ' || CAST(conrelid AS REGCLASS) || ': '
            || CASE contype WHEN 'c' THEN 'check' WHEN 'u' THEN 'unique' ELSE 'foreign key' END
            AS line
        FROM pg_constraint
        WHERE connamespace = CAST('public' AS REGNAMESPACE) AND contype IN ('c', 'u', 'f')",
    "SELECT 'primary key of ' || CAST(k.conrelid AS REGCLASS) || ': '
            || string_agg(a.attname, ', ' ORDER BY array_position(k.conkey, a.attnum)) AS line
        FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
        WHERE k.connamespace = CAST('public' AS REGNAMESPACE) AND k.contype = 'p'
            AND CAST(CAST(k.conrelid AS REGCLASS) AS TEXT) NOT LIKE '\\_\\_diesel\\_%'
        GROUP BY k.oid, k.conrelid",
    "SELECT 'unique ' || CAST(k.conrelid AS REGCLASS) || ' ('
            || string_agg(a.attname, ', ' ORDER BY array_position(k.conkey, a.attnum)) || ')'
            AS line
        FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
        WHERE k.connamespace = CAST('public' AS REGNAMESPACE) AND k.contype = 'u'
        GROUP BY k.oid, k.conrelid",
    "SELECT 'foreign key ' || CAST(k.conrelid AS REGCLASS) || ' ('
            || (SELECT string_agg(a.attname, ', ' ORDER BY array_position(k.conkey, a.attnum))
                FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))
            || ') references ' || CAST(k.confrelid AS REGCLASS) || ' ('
            || (SELECT string_agg(a.attname, ', ' ORDER BY array_position(k.confkey, a.attnum))
                FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey))
            || ') on update ' || CASE k.confupdtype WHEN 'a' THEN 'no action' ELSE 'other' END
            || ' on delete '
            || CASE k.confdeltype WHEN 'a' THEN 'no action' WHEN 'c' THEN 'cascade' ELSE 'other' END
            AS line
        FROM pg_constraint k
        WHERE k.connamespace = CAST('public' AS REGNAMESPACE) AND k.contype = 'f'",
    "SELECT 'trigger ' || tgname || ' on ' || CAST(tgrelid AS REGCLASS) AS line FROM pg_trigger
        WHERE NOT tgisinternal",
    "SELECT 'view ' || relname AS line FROM pg_class
        WHERE relnamespace = CAST('public' AS REGNAMESPACE) AND relkind IN ('v', 'm')",
    "SELECT 'function ' || proname AS line FROM pg_proc
        WHERE pronamespace = CAST('public' AS REGNAMESPACE)",
];
