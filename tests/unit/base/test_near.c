/*
 * Names near a name.
 */
#include <string.h>

#include "base/near.h"
#include "tests/lib/test.h"

TEST(equal_names_are_at_no_distance)
{
	CHECK_INT(near_distance("", ""), 0);
	CHECK_INT(near_distance("quick", "quick"), 0);
}

TEST(each_letter_put_in_left_out_or_changed_counts_once)
{
	CHECK_INT(near_distance("quick", "quik"), 1);
	CHECK_INT(near_distance("quik", "quick"), 1);
	CHECK_INT(near_distance("quick", "quack"), 1);
	CHECK_INT(near_distance("kitten", "sitting"), 3);
	CHECK_INT(near_distance("", "abc"), 3);
	CHECK_INT(near_distance("abc", ""), 3);
}

TEST(names_of_the_greatest_length_are_compared_and_longer_ones_are_far)
{
	char name[NEAR_NAME_MAX + 2];
	memset(name, 'a', sizeof name - 1);
	name[NEAR_NAME_MAX + 1] = '\0';
	CHECK_INT(near_distance(name, "a"), NEAR_NAME_MAX);
	CHECK_INT(near_distance("a", name), NEAR_NAME_MAX);
	name[NEAR_NAME_MAX] = '\0';
	CHECK_INT(near_distance(name, name), 0);
	CHECK_INT(near_distance("a", name), NEAR_NAME_MAX - 1);
}
