#include <boost/test/unit_test.hpp>
#include <cmath>
#include <hebbforge/error.hpp>

#include "host/document.hpp"
#include <hebbforge/host/quantity.hpp>

using namespace hebbforge;

BOOST_AUTO_TEST_CASE(tables_keep_the_order_and_the_places_of_the_file) {
  const Node root = parse_toml("z = 1\na = 2.5\n[t.u]\nb = [true, \"x\"]\n", "file.toml");
  BOOST_REQUIRE_EQUAL(root.table.size(), 3);
  BOOST_TEST(root.table[0].key == "z");
  BOOST_TEST(root.table[1].key == "a");
  BOOST_TEST(root.table[1].key_place.line == 2);
  BOOST_TEST(root.table[1].value.place.column == 5);
  BOOST_TEST(root.find("a")->number() == 2.5);
  const Node* list = root.find("t")->find("u")->find("b");
  BOOST_REQUIRE(list);
  BOOST_TEST(list->place.line == 4);
  BOOST_TEST(list->array[1].text() == "x");
}

BOOST_AUTO_TEST_CASE(a_syntax_error_says_where_it_is) {
  try {
    parse_toml("a = 1\nb = = 2\n", "file.toml");
    BOOST_FAIL("no error");
  } catch (const ConfigError& error) {
    BOOST_TEST(error.line() == 2);
    BOOST_TEST(std::string(error.what()).starts_with("file.toml:2:5: this is not TOML: "));
  }
  BOOST_CHECK_THROW(parse_toml("when = 2024-01-01\n", "f"), ConfigError);
  BOOST_CHECK_THROW(parse_toml_file("/no/such/file.toml"), ConfigError);
  BOOST_CHECK_THROW(parse_toml_file("/"), ConfigError);
}

BOOST_AUTO_TEST_CASE(overrides_are_toml_or_else_texts) {
  BOOST_TEST(parse_override("a.b=500").find("a")->find("b")->number() == 500);
  BOOST_TEST(parse_override("a=5 ms").find("a")->text() == "5 ms");
  BOOST_TEST(parse_override("a=x=y").find("a")->text() == "x=y");
  BOOST_TEST(parse_override("a={b=1}").find("a")->find("b")->number() == 1);
  BOOST_TEST(parse_override("search.free.\"EE.c.*\".step=0.1").find("search")->find("free")->find("EE.c.*") !=
             nullptr);
  BOOST_CHECK_THROW(parse_override("a"), ConfigError);
  BOOST_CHECK_THROW(parse_override("=1"), ConfigError);
}

BOOST_AUTO_TEST_CASE(merging_goes_key_by_key_but_another_plugin_starts_anew) {
  Node base = parse_toml("a = 1\nt = { b = 1, c = 2 }\np = { plugin = \"one\", x = 1 }\n", "base");
  merge(base, parse_toml("t = { c = 3, d = 4 }\np = { plugin = \"two\", y = 2 }\n", "over"));
  BOOST_TEST(base.find("a")->number() == 1);
  BOOST_TEST(base.find("t")->find("b")->number() == 1);
  BOOST_TEST(base.find("t")->find("c")->number() == 3);
  BOOST_TEST(base.find("t")->find("d")->number() == 4);
  BOOST_TEST(base.find("p")->find("x") == nullptr);
  BOOST_TEST(base.find("p")->find("y")->number() == 2);
}

BOOST_AUTO_TEST_CASE(written_values_are_read_back_bit_by_bit) {
  for (const double v : {0.1, 1e-300, -5e22, 3.0, 0.0005, 1.0 / 3, 1e16}) {
    const Node root = parse_toml("a = " + toml_real(v), "f");
    BOOST_TEST((root.find("a")->type == Node::Type::real));
    BOOST_TEST(root.find("a")->number() == v);
  }
  const std::string hard = "a \"quoted\\ text\"\nwith\tcontrol";
  BOOST_TEST(parse_toml("a = " + toml_text(hard), "f").find("a")->text() == hard);
  BOOST_TEST(toml_key("x~*y") == "\"x~*y\"");
  BOOST_TEST(toml_key("plain_key") == "plain_key");
}

BOOST_AUTO_TEST_CASE(quantities_take_units_of_their_own_dimension) {
  BOOST_TEST(*parse_quantity("5 ms", "s") == 0.005);
  BOOST_TEST(*parse_quantity("0.1ms", "s") == 1e-4);
  BOOST_TEST(*parse_quantity("0.1 ms", "s") == 0.0001);
  BOOST_TEST(*parse_quantity("110 ms", "s") == 0.11);
  BOOST_TEST(*parse_quantity("2 h", "s") == 7200);
  BOOST_TEST(*parse_quantity("80 Hz", "Hz") == 80);
  BOOST_TEST(*parse_quantity("1.5 kHz", "Hz") == 1500);
  BOOST_TEST(*parse_quantity("3", "1") == 3);
  for (const char* wrong : {"5 Hz", "ms", "five ms", "5 ms ms", "", "inf s", "nan", "5 m"}) {
    BOOST_TEST(!parse_quantity(wrong, "s").has_value(), wrong);
  }
  BOOST_TEST(quantity_text(0.005, "s") == "5 ms");
  BOOST_TEST(quantity_text(20, "Hz") == "20 Hz");
}
