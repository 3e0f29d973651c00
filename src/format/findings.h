/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a format of findings is: findings in, text out. As with rows, a formatter sees the public
 * header and util alone.
 */
#ifndef PORTSCOPE_FORMAT_FINDINGS_H
#define PORTSCOPE_FORMAT_FINDINGS_H

#include "format/format.h"
#include "util/json.h"

/** Columns of the line that starts a finding in text. */
#define FINDING_CELLS 6

/** A report under way. */
struct report {
	const struct portscope_audit *audit;
	const struct listing *listing; /**< its columns are those of a socket in JSON and CSV */
	const char *policy;            /**< path; NULL: none */
	const char *fail_on;           /**< name of the severity; `none` */
	struct out *out;
	size_t findings;
	unsigned widths[FINDING_CELLS];
};

struct findings_format {
	const char *name; /**< of the option that asks for it */
	void (*begin)(struct report *r);
	/** Called for every finding before the first one is written; NULL: no need to. */
	void (*measure)(struct report *r, const struct portscope_finding *finding);
	void (*finding)(struct report *r, const struct portscope_finding *finding);
	void (*end)(struct report *r);
};

extern const struct findings_format findings_text, findings_json, findings_json_lines, findings_csv,
	findings_sarif;

/** Writes the members of an object that counts. */
void findings_put_summary(struct json *j, const struct report *r);

/** The name of an exposure by its rank, or NULL. */

#endif
