/*
 * An evidence file of a few lines, and its check, for the tests of this folder.
 */
#ifndef TESTS_RECORD_EVIDENCE_FIXTURE_H
#define TESTS_RECORD_EVIDENCE_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/internal.h"
#include "record/record.h"
#include "tests/lib/test.h"

#define SUBJECT "01890a5d-ac96-774b-bcce-b302099a8057"

static inline struct key *fixture_key(void)
{
	struct key *k = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(key_make(&k, &e), e);
	return k;
}

static inline int fixture_folder(void)
{
	int fd = open(test_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(fd >= 0);
	return fd;
}

static inline void fixture_add(struct evidence *v, int i)
{
	struct error e = ERROR_NONE;
	REQUIRE_OK(evidence_add(v, 1764000000000000000 + i * 1000000000LL, "file.changed",
			   json_pack("{s:i, s:s}", "file", i, "name", "图纸 7.dwg"), &e),
		e);
}

/* n lines and the closing one. */
static inline void fixture_write(const char *name, int n, const struct key *k)
{
	AUTO_FD int folder_fd = fixture_folder();
	AUTO(evidence_close) struct evidence *v = NULL;
	struct error e = ERROR_NONE;
	REQUIRE_OK(evidence_create(folder_fd, name, SUBJECT, &v, &e), e);
	for (int i = 0; i < n; i++)
		fixture_add(v, i);
	REQUIRE_OK(evidence_sign(v, 1764000100000000000, k, &e), e);
}

static inline void fixture_read(const char *name, struct buf *out)
{
	char room[4096];
	size_t n = 1;
	AUTO_FILE FILE *f = fopen(test_path(name), "r");
	REQUIRE(f != NULL);
	for (; (n = fread(room, 1, sizeof room, f)) > 0;)
		buf_add_bytes(out, room, n);
	REQUIRE(!out->failed);
}

static inline struct evidence_check fixture_check(struct view bytes, const struct key *k)
{
	struct evidence_check c;
	struct error e = ERROR_NONE;
	REQUIRE_OK(evidence_verify(bytes, NULL, k, &c, &e), e);
	CHECK(c.valid ? c.first_bad_line == 0 && c.reason[0] == '\0'
		      : c.first_bad_line > 0 && c.reason[0] != '\0');
	return c;
}

#endif
