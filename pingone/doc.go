// Package pingone reads directory data from the PingOne API.
//
// A Directory gives the catalog of one PingOne organization (a schema per
// environment, tables as declared in package tables, custom attributes as
// further columns) and runs scans: it turns a scan.Request into the API calls
// of an access path and their answers into Arrow record batches. It follows
// cursors, divides large scans into parts that are read at once, repeats calls
// where that is safe, and keeps to the rate budget it is handed. It decides
// nothing about queries: which path is read with which filters is the
// planner's choice.
package pingone
