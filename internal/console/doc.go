// Package console shows the services of a connection to people: at the addresses of
// OData, where a browser asks for HTML. A page says who is asking, which environments
// there are, what a table means and costs, and shows its rows; what it reads of rows it
// reads as a client of the feed, so that callers, rights, limits, pages and the audit
// trail are those of the data.
//
// Every page is made by Site.Render of a template and a view:
//
//   - pages/layout.html has the templates "layout" (head, navigation, the way to the
//     page, its heading, footer), "nav" (the bar: Home, Tables, Query, Docs), "copy"
//     (a button that copies a text: a Link) and "trouble" (an error, by troubleOf).
//   - Any other file pages/NAME.html defines "content", what stands below the heading. A
//     new page is such a file and Render(w, r, status, "NAME", view).
//   - A view embeds Page, which Site.Page makes; Page.Active names the part of the bar.
//   - assets/ has the style sheet, the script and the icon, served by Site.Assets at
//     AssetPath. Further files there are served too; {{.Asset "file"}} is an address.
//
// The pages work without the script, which only copies texts and finds tables. There is
// nothing inline: the policy of content allows scripts and styles of this site alone.
package console
