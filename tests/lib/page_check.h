/*
 * What every page of ours must be: whole, self-contained. Fails the test where it is not.
 */
#ifndef TESTS_LIB_PAGE_CHECK_H
#define TESTS_LIB_PAGE_CHECK_H

/* Every tag that opens is closed, in order. */
void check_tags(const char *html);
void check_unique_ids(const char *html);
/* Nothing is fetched, nothing runs. */
void check_self_contained(const char *html);
/* Two words of small letters with a blank between them, outside tags and code; NULL: none. */
const char *english_in(const char *html);

#endif
