// A product catalogue: prices that no cluster may show after they have changed, and pages that
// depend on the stock of a whole warehouse and go with it, by tag.
//
//   product_catalogue ENDPOINT_OF_ONE_CLUSTER ENDPOINT_OF_ANOTHER

#include <map>

#include "example.h"

namespace {

// Stands for the database that all clusters share.
std::map<std::string, std::string> prices{{"17", "9.99"}};
std::map<std::string, int> stock{{"17", 40}, {"18", 3}};

class Catalogue {
 public:
  explicit Catalogue(const std::string& endpoint)
      : client_(example::connect(endpoint, "catalogue")),
        cache_(example::cache_of(*client_, "product_prices")),
        prices_(cache_->space("product_prices")),
        availability_(cache_->space("product_availability")) {}

  std::string price(const std::string& product) {
    const auto load = [&] { return mpreg::Loaded(prices[product]); };
    return example::value_of(prices_.get_or_load(product, load)).value;
  }
  std::string availability(const std::string& product) {
    const auto load = [&] {
      mpreg::Loaded page(stock[product] < 10 ? "few left" : "in stock");
      page.tags = {"warehouse-1"};  // With the warehouse all of its products' pages change.
      return page;
    };
    return example::value_of(availability_.get_or_load(product, load)).value;
  }

  void change_price(const std::string& product, const std::string& price) {
    prices[product] = price;
    // Confirmed when no cluster shows the old price any more.
    example::confirmed(prices_.put(product, price, {.wait = mpreg::WaitLevel::observed}));
  }
  void take_stock(const std::map<std::string, int>& counted) {
    stock = counted;
    example::confirmed(availability_.invalidate_tag("warehouse-1", mpreg::WaitLevel::observed));
  }

 private:
  std::unique_ptr<mpreg::Client> client_;
  std::unique_ptr<mpreg::NearCache> cache_;
  mpreg::CacheSpace& prices_;
  mpreg::CacheSpace& availability_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "product_catalogue ENDPOINT_OF_ONE_CLUSTER ENDPOINT_OF_ANOTHER\n";
    return 2;
  }
  Catalogue one(arguments[1]);
  Catalogue another(arguments[2]);
  const auto show = [&] {
    std::cout << "17 costs " << another.price("17") << "; 17: " << another.availability("17")
              << ", 18: " << another.availability("18") << '\n';
  };
  show();
  one.change_price("17", "7.99");
  show();
  one.take_stock({{"17", 5}, {"18", 60}});
  show();
  return 0;
}
