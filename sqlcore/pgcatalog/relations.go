package pgcatalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

type row = system.Row

// names is the relation of our own that functions look names up in: by kind and
// object id, and a place within it.
const names = "pg_gateway_names"

func relations() []system.Table {
	out := []system.Table{
		{Name: "pg_namespace", Columns: columns("oid n, nspname, nspowner n, nspacl s"), All: namespaces},
		{Name: "pg_class", Each: classes, Columns: columns("oid n, relname, relnamespace n, reltype n, reloftype n, relowner n, relam n, relfilenode n, reltablespace n, relpages i, reltuples f, relallvisible i, reltoastrelid n, relhasindex b, relisshared b, relpersistence, relkind, relnatts i, relchecks i, relhasrules b, relhastriggers b, relhassubclass b, relrowsecurity b, relforcerowsecurity b, relispopulated b, relreplident, relispartition b, relrewrite n, relfrozenxid n, relminmxid n, relacl s, reloptions s, relpartbound")},
		{Name: "pg_attribute", Each: attributes, Columns: columns("attrelid n, attname, atttypid n, attstattarget i, attlen i, attnum i, attndims i, attcacheoff i, atttypmod i, attbyval b, attalign, attstorage, attcompression, attnotnull b, atthasdef b, atthasmissing b, attidentity, attgenerated, attisdropped b, attislocal b, attinhcount i, attcollation n, attacl s, attoptions s, attfdwoptions s, attmissingval")},
		{Name: "pg_type", All: fixed(typeRows()...), Columns: columns("oid n, typname, typnamespace n, typowner n, typlen i, typbyval b, typtype, typcategory, typispreferred b, typisdefined b, typdelim, typrelid n, typsubscript, typelem n, typarray n, typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typalign, typstorage, typnotnull b, typbasetype n, typtypmod i, typndims i, typcollation n, typdefaultbin, typdefault, typacl s")},
		{Name: "pg_constraint", Each: constraints, Columns: columns("oid n, conname, connamespace n, contype, condeferrable b, condeferred b, convalidated b, conrelid n, contypid n, conindid n, conparentid n, confrelid n, confupdtype, confdeltype, confmatchtype, conislocal b, coninhcount i, connoinherit b, conkey l, confkey l, conpfeqop l, conppeqop l, conffeqop l, confdelsetcols l, conexclop l, conbin")},
		{Name: "pg_index", Each: indexes, Columns: columns("indexrelid n, indrelid n, indnatts i, indnkeyatts i, indisunique b, indnullsnotdistinct b, indisprimary b, indisexclusion b, indimmediate b, indisclustered b, indisvalid b, indcheckxmin b, indisready b, indislive b, indisreplident b, indkey l, indcollation l, indclass l, indoption l, indexprs, indpred")},
		{Name: "pg_description", Each: descriptions, Columns: columns("objoid n, classoid n, objsubid i, description")},
		{Name: names, Each: lookups, Columns: columns("kind, oid n, place i, name, bare")},
		{Name: "pg_database", Columns: columns("oid n, datname, datdba n, encoding i, datlocprovider, datistemplate b, datallowconn b, datconnlimit i, datfrozenxid n, datminmxid n, dattablespace n, datcollate, datctype, daticulocale, datcollversion, datacl s"), All: func(_ context.Context, c *system.Catalog) ([]row, error) {
			return []row{{int64(databaseOID), c.Connection(), int64(ownerOID), int64(6), "c", false, true, int64(-1), int64(0), int64(0), int64(1663), "C.UTF-8", "C.UTF-8", nil, nil, nil}}, nil
		}},
		{Name: "pg_tables", Each: tableList("r"), Column: "schemaname", Columns: columns("schemaname, tablename, tableowner, tablespace, hasindexes b, hasrules b, hastriggers b, rowsecurity b")},
		{Name: "pg_roles", All: fixed(row{Owner, false, true, false, false, true, false, int64(-1), "********", nil, false, nil, int64(ownerOID)}), Columns: columns("rolname, rolsuper b, rolinherit b, rolcreaterole b, rolcreatedb b, rolcanlogin b, rolreplication b, rolconnlimit i, rolpassword, rolvaliduntil z, rolbypassrls b, rolconfig s, oid n")},
		{Name: "pg_user", All: fixed(row{Owner, int64(ownerOID), false, false, false, false, "********", nil, nil}), Columns: columns("usename, usesysid n, usecreatedb b, usesuper b, userepl b, usebypassrls b, passwd, valuntil z, useconfig s")},
		{Name: "pg_am", All: fixed(row{int64(heapOID), "heap", "heap_tableam_handler", "t"}, row{int64(btreeOID), "btree", "bthandler", "i"}), Columns: columns("oid n, amname, amhandler, amtype")},
		{Name: "pg_collation", All: fixed(row{int64(defaultOID), "default", int64(catalogOID), int64(ownerOID), "d", true, int64(-1), nil, nil, nil, nil}, row{int64(950), "C", int64(catalogOID), int64(ownerOID), "c", true, int64(-1), "C", "C", nil, nil}), Columns: columns("oid n, collname, collnamespace n, collowner n, collprovider, collisdeterministic b, collencoding i, collcollate, collctype, colliculocale, collversion")},
		{Name: "pg_settings", All: fixed(settingRows()...), Columns: columns("name, setting, unit, category, short_desc, extra_desc, context, vartype, source, min_val, max_val, enumvals s, boot_val, reset_val, sourcefile, sourceline i, pending_restart b")},
		{Name: "pg_tablespace", All: fixed(row{int64(1663), "pg_default", int64(ownerOID), nil, nil}), Columns: columns("oid n, spcname, spcowner n, spcacl s, spcoptions s")},
		{Name: "pg_language", All: fixed(row{int64(14), "sql", int64(ownerOID), false, true, int64(0), int64(0), int64(0), nil}), Columns: columns("oid n, lanname, lanowner n, lanispl b, lanpltrusted b, lanplcallfoid n, laninline n, lanvalidator n, lanacl s")},
	}
	for _, e := range strings.Split(strings.TrimSpace(empty), "\n") {
		name, spec, _ := strings.Cut(strings.TrimSpace(e), ": ")
		out = append(out, system.Table{Name: name, All: fixed(), Columns: columns(spec)})
	}
	for i := range out {
		out[i].Doc = "PostgreSQL's " + out[i].Name + "."
	}
	return out
}

// fixed gives the same rows to all.
func fixed(rows ...row) func(context.Context, *system.Catalog) ([]row, error) {
	return func(context.Context, *system.Catalog) ([]row, error) { return rows, nil }
}

// empty are the relations of which a directory has no rows.
const empty = `
pg_attrdef: oid n, adrelid n, adnum i, adbin
pg_auth_members: roleid n, member n, grantor n, admin_option b
pg_available_extension_versions: name, version, installed b, superuser b, trusted b, relocatable b, schema, requires s, comment
pg_cast: oid n, castsource n, casttarget n, castfunc n, castcontext, castmethod
pg_conversion: oid n, conname, connamespace n, conowner n, conforencoding i, contoencoding i, conproc, condefault b
pg_depend: classid n, objid n, objsubid i, refclassid n, refobjid n, refobjsubid i, deptype
pg_enum: oid n, enumtypid n, enumsortorder f, enumlabel
pg_event_trigger: oid n, evtname, evtevent, evtowner n, evtfoid n, evtenabled, evttags s
pg_extension: oid n, extname, extowner n, extnamespace n, extrelocatable b, extversion, extconfig l, extcondition s
pg_foreign_data_wrapper: oid n, fdwname, fdwowner n, fdwhandler n, fdwvalidator n, fdwacl s, fdwoptions s
pg_foreign_server: oid n, srvname, srvowner n, srvfdw n, srvtype, srvversion, srvacl s, srvoptions s
pg_foreign_table: ftrelid n, ftserver n, ftoptions s
pg_indexes: schemaname, tablename, indexname, tablespace, indexdef
pg_inherits: inhrelid n, inhparent n, inhseqno i, inhdetachpending b
pg_locks: locktype, database n, relation n, page i, tuple i, virtualxid, transactionid n, classid n, objid n, objsubid i, virtualtransaction, pid i, mode, granted b, fastpath b, waitstart z
pg_matviews: schemaname, matviewname, matviewowner, tablespace, hasindexes b, ispopulated b, definition
pg_opclass: oid n, opcmethod n, opcname, opcnamespace n, opcowner n, opcfamily n, opcintype n, opcdefault b, opckeytype n
pg_operator: oid n, oprname, oprnamespace n, oprowner n, oprkind, oprcanmerge b, oprcanhash b, oprleft n, oprright n, oprresult n, oprcom n, oprnegate n, oprcode, oprrest, oprjoin
pg_partitioned_table: partrelid n, partstrat, partnatts i, partdefid n, partattrs l, partclass l, partcollation l, partexprs
pg_policy: oid n, polname, polrelid n, polcmd, polpermissive b, polroles l, polqual, polwithcheck
pg_prepared_statements: name, statement, prepare_time z, parameter_types s, from_sql b, generic_plans n, custom_plans n
pg_proc: oid n, proname, pronamespace n, proowner n, prolang n, procost f, prorows f, provariadic n, prosupport, prokind, prosecdef b, proleakproof b, proisstrict b, proretset b, provolatile, proparallel, pronargs i, pronargdefaults i, prorettype n, proargtypes l, proallargtypes l, proargmodes s, proargnames s, proargdefaults, protrftypes l, prosrc, probin, prosqlbody, proconfig s, proacl s
pg_publication: oid n, pubname, pubowner n, puballtables b, pubinsert b, pubupdate b, pubdelete b, pubtruncate b, pubviaroot b
pg_publication_namespace: oid n, pnpubid n, pnnspid n
pg_publication_rel: oid n, prpubid n, prrelid n, prqual, prattrs l
pg_range: rngtypid n, rngsubtype n, rngmultitypid n, rngcollation n, rngsubopc n, rngcanonical, rngsubdiff
pg_replication_slots: slot_name, plugin, slot_type, datoid n, database, temporary b, active b, active_pid i
pg_rewrite: oid n, rulename, ev_class n, ev_type, ev_enabled, is_instead b, ev_qual, ev_action
pg_rules: schemaname, tablename, rulename, definition
pg_sequence: seqrelid n, seqtypid n, seqstart n, seqincrement n, seqmax n, seqmin n, seqcache n, seqcycle b
pg_sequences: schemaname, sequencename, sequenceowner, data_type, start_value n, min_value n, max_value n, increment_by n, cycle b, cache_size n, last_value n
pg_shdescription: objoid n, classoid n, description
pg_stat_activity: datid n, datname, pid i, leader_pid i, usesysid n, usename, application_name, client_addr, client_hostname, client_port i, backend_start z, xact_start z, query_start z, state_change z, wait_event_type, wait_event, state, backend_xid n, backend_xmin n, query_id n, query, backend_type
pg_stat_user_tables: relid n, schemaname, relname, seq_scan n, seq_tup_read n, idx_scan n, idx_tup_fetch n, n_tup_ins n, n_tup_upd n, n_tup_del n, n_live_tup n, n_dead_tup n
pg_statio_user_tables: relid n, schemaname, relname, heap_blks_read n, heap_blks_hit n
pg_statistic_ext: oid n, stxrelid n, stxname, stxnamespace n, stxowner n, stxstattarget i, stxkeys l, stxkind s, stxexprs
pg_stats: schemaname, tablename, attname, inherited b, null_frac f, avg_width i, n_distinct f
pg_timezone_abbrevs: abbrev, utc_offset, is_dst b
pg_timezone_names: name, abbrev, utc_offset, is_dst b
pg_trigger: oid n, tgrelid n, tgparentid n, tgname, tgfoid n, tgtype i, tgenabled, tgisinternal b, tgconstrrelid n, tgconstrindid n, tgconstraint n, tgdeferrable b, tginitdeferred b, tgnargs i, tgattr l, tgargs, tgqual, tgoldtable, tgnewtable
pg_user_mapping: oid n, umuser n, umserver n, umoptions s
pg_views: schemaname, viewname, viewowner, definition
`

func namespaces(ctx context.Context, c *system.Catalog) (out []row, err error) {
	all, err := c.Names(ctx)
	for _, n := range all {
		out = append(out, row{namespaceOID(n.Name, n.ID), n.Name, int64(ownerOID), nil})
	}
	return out, err
}

func classes(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
	space := namespaceOID(s.Name, s.ID)
	triggers := !s.System // by which PostgreSQL keeps references, which psql looks for where there are some
	class := func(oid int64, name, kind string, am int64, columns int, hasIndex bool) row {
		return row{
			oid, name, space, int64(0), int64(0), int64(ownerOID), am, oid, int64(0), int64(0), -1.0, int64(0), int64(0), hasIndex, false, "p", kind, int64(columns),
			int64(0), false, triggers, false, false, false, true, map[string]string{"r": "d", "i": "n"}[kind], false, int64(0), int64(0), int64(0), nil, nil, nil,
		}
	}
	for _, t := range s.Tables {
		key := t.Key()
		out = append(out, class(tableOID(s, t), t.Name, "r", heapOID, len(t.Columns), len(key) > 0))
		if len(key) > 0 {
			out = append(out, class(indexOID(s, t), keyName(t), "i", btreeOID, len(key), false))
		}
	}
	return out, nil
}

// keyName is the name of a table's primary key and of its index.
func keyName(t *catalog.Table) string { return "pk_" + t.Name }

func attributes(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
	attribute := func(of int64, c *catalog.Column, place int, notNull bool) row {
		t := typeOf(c.Type)
		dimensions := int64(0)
		if t.category == "A" {
			dimensions = 1
		}
		return row{of, c.Name, t.oid, int64(-1), t.size, int64(place), dimensions, int64(-1), int64(-1), t.byValue, t.align, t.storage, "", notNull, false, false, "", "", false, true, int64(0), t.collation, nil, nil, nil, nil}
	}
	for _, t := range s.Tables {
		of := tableOID(s, t)
		for i := range t.Columns {
			out = append(out, attribute(of, &t.Columns[i], i+1, t.Columns[i].Required || t.Columns[i].Key))
		}
		for i, at := range t.Key() {
			out = append(out, attribute(indexOID(s, t), &t.Columns[at], i+1, false))
		}
	}
	return out, nil
}

func indexes(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
	for _, t := range s.Tables {
		key := t.Key()
		if len(key) == 0 {
			continue
		}
		zeros := make([]int64, len(key))
		out = append(out, row{
			indexOID(s, t), tableOID(s, t), int64(len(key)), int64(len(key)), true, false, true, false, true, false, true, false, true, true, false,
			places(key), zeros, zeros, zeros, nil, nil,
		})
	}
	return out, nil
}

// places counts columns from 1.
func places(columns []int) []int64 {
	out := make([]int64, len(columns))
	for i, at := range columns {
		out[i] = int64(at + 1)
	}
	return out
}

func descriptions(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
	for _, t := range s.Tables {
		of := tableOID(s, t)
		if t.Doc != "" {
			out = append(out, row{of, known["pg_class"], int64(0), t.Doc})
		}
		for i := range t.Columns {
			if doc := t.Columns[i].Doc; doc != "" {
				out = append(out, row{of, known["pg_class"], int64(i + 1), doc})
			}
		}
	}
	return out, nil
}

// tableList is pg_tables and its like.
func tableList(string) func(context.Context, *system.Catalog, *catalog.Schema) ([]row, error) {
	return func(_ context.Context, _ *system.Catalog, s *catalog.Schema) (out []row, err error) {
		for _, t := range s.Tables {
			out = append(out, row{s.Name, t.Name, Owner, nil, len(t.Key()) > 0, false, false, false})
		}
		return out, nil
	}
}

func settingRows() []row {
	var out []row
	for _, s := range [][2]string{{"block_size", "8192"}, {"max_identifier_length", "63"}, {"max_index_keys", "32"}, {"server_encoding", "UTF8"}, {"server_version", "15.0"}, {"server_version_num", "150000"}, {"standard_conforming_strings", "on"}, {"TimeZone", "UTC"}} {
		out = append(out, row{s[0], s[1], nil, "Preset Options", "", nil, "internal", "string", "default", nil, nil, nil, s[1], s[1], nil, nil, false})
	}
	return out
}

// quoted is a name as PostgreSQL shows it: in quotes where it needs them.
func quoted(name string) string {
	for i, r := range name {
		if !(r >= 'a' && r <= 'z' || r == '_' || i > 0 && (r >= '0' && r <= '9' || r == '$')) {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// lookups are what functions and casts to names look up.
func lookups(ctx context.Context, c *system.Catalog, s *catalog.Schema) (out []row, err error) {
	visible := s.Name == Name || strings.EqualFold(s.Name, c.Default()) || s.ID != "" && strings.EqualFold(s.ID, c.Default())
	out = append(out, row{"namespace", namespaceOID(s.Name, s.ID), int64(0), quoted(s.Name), s.Name})
	if s.Name == Name {
		for _, t := range allTypes {
			out = append(out, row{"type", t.oid, int64(0), t.format, t.name})
		}
	}
	for _, t := range s.Tables {
		shown := quoted(s.Name) + "." + quoted(t.Name)
		if visible {
			shown = quoted(t.Name)
			out = append(out, row{"visible", tableOID(s, t), int64(0), t.Name, t.Name})
		}
		out = append(out, row{"class", tableOID(s, t), int64(0), shown, strings.ToLower(s.Name + "." + t.Name)})
		key := t.Key()
		if len(key) == 0 {
			continue
		}
		var list []string
		for i, at := range key {
			list = append(list, quoted(t.Columns[at].Name))
			out = append(out, row{"index", indexOID(s, t), int64(i + 1), quoted(t.Columns[at].Name), ""})
		}
		joined := strings.Join(list, ", ")
		out = append(out,
			row{"class", indexOID(s, t), int64(0), quoted(keyName(t)), ""},
			row{"index", indexOID(s, t), int64(0), fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s.%s USING btree (%s)", quoted(keyName(t)), quoted(s.Name), quoted(t.Name), joined), ""},
			row{"constraint", keyOID(s, keyName(t)), int64(0), "PRIMARY KEY (" + joined + ")", ""})
	}
	foreign, err := system.ForeignKeys(ctx, c, s)
	for _, k := range foreign {
		target := quoted(k.Target.Name)
		if k.In.Name != s.Name || !visible {
			target = quoted(k.In.Name) + "." + target
		}
		out = append(out, row{"constraint", keyOID(s, k.Name), int64(0), fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s(%s)", quoted(k.Table.Columns[k.Column].Name), target, quoted(k.Target.Columns[k.TargetColumn].Name)), ""})
	}
	return out, err
}

func constraints(ctx context.Context, c *system.Catalog, s *catalog.Schema) (out []row, err error) {
	space := namespaceOID(s.Name, s.ID)
	constraint := func(name, kind string, of, index, target int64, columns, targets []int64) row {
		update, match := " ", " "
		var to, equal any
		if kind == "f" {
			update, match, to, equal = "a", "s", targets, []int64{98}
		}
		return row{keyOID(s, name), name, space, kind, false, false, true, of, int64(0), index, int64(0), target, update, update, match, true, int64(0), true, columns, to, equal, equal, equal, nil, nil, nil}
	}
	for _, t := range s.Tables {
		if key := t.Key(); len(key) > 0 {
			out = append(out, constraint(keyName(t), "p", tableOID(s, t), indexOID(s, t), 0, places(key), nil))
		}
	}
	foreign, err := system.ForeignKeys(ctx, c, s)
	for _, k := range foreign {
		out = append(out, constraint(k.Name, "f", tableOID(s, k.Table), indexOID(k.In, k.Target), tableOID(k.In, k.Target), []int64{int64(k.Column + 1)}, []int64{int64(k.TargetColumn + 1)}))
	}
	return out, err
}
