# SPDX-License-Identifier: Apache-2.0

class Orders < ActiveRecord::Migration[6.1]
  def up
    create_table :orders
  end

  def down
    drop_table :orders
  end
end
